"""The exponential of square matrices on raw arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["matrix_exponential"]

#: Coefficients of the [13/13] Pade approximant to exp, and the 1-norm up to which it is exact to double precision.
_PADE = (
    64764752532480000,
    32382376266240000,
    7771770303897600,
    1187353796428800,
    129060195264000,
    10559470521600,
    670442572800,
    33522128640,
    1323241920,
    40840800,
    960960,
    16380,
    182,
    1,
)
_THETA = 5.371920351148152


def matrix_exponential(a: Any) -> Any:
    """exp(A) by scaling and squaring with the [13/13] Pade approximant (N. J. Higham, SIMAX 26, 2005).

    Shape:
        (..., n, n) -> the same.

    >>> import numpy as np
    >>> matrix_exponential(np.array([[0., 1.], [0., 0.]]))
    array([[1., 1.],
           [0., 1.]])
    """
    if not a.size:
        return np.array(a)
    norm = np.max(np.sum(np.abs(a), axis=-2), axis=-1)
    finite = np.isfinite(norm)
    ratio = np.where(finite & (norm > _THETA), norm, _THETA) / _THETA
    halvings = np.ceil(np.log2(ratio)).astype(int)
    scaled = np.where(finite[..., None, None], a, 0) * np.exp2(-halvings)[..., None, None].astype(a.real.dtype)
    out = _pade(scaled.astype(a.dtype, copy=False))
    for step in range(int(halvings.max())):
        out = np.where((halvings > step)[..., None, None], out @ out, out)
    return out if finite.all() else np.where(finite[..., None, None], out, out.dtype.type(np.nan))


def _pade(a: Any) -> Any:
    """Numerator over denominator: even and odd powers are shared between them."""
    b = [float(c) for c in _PADE]
    eye = np.eye(a.shape[-1], dtype=a.dtype)
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2
    odd = a @ (a6 @ (b[13] * a6 + b[11] * a4 + b[9] * a2) + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * eye)
    even = a6 @ (b[12] * a6 + b[10] * a4 + b[8] * a2) + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * eye
    return np.linalg.solve(even - odd, even + odd)
