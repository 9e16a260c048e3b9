"""The functions that are Tensor methods too, of the families that arrange, pick, scatter and multiply elements."""

from __future__ import annotations

from tinygrad_cn.functions import (
    combining,
    diagonals,
    joining,
    products,
    questions,
    real_parts,
    scatter_reducing,
    scattering,
    selecting,
    shaping,
    sliding,
    stacking,
    striding,
    tensor_products,
)
from tinygrad_cn.inplace import in_place, reshaped_in_place

__all__ = ["ShapeMethods"]


class ShapeMethods:
    """Functions of a tensor that move its elements, as its methods; names ending in ``_`` write in place."""

    __slots__ = ()

    # shapes
    H = property(diagonals.hermitian)
    T = property(diagonals.reversed_axes)
    mH = property(diagonals.transposed)
    mT = property(diagonals.transposed)
    adjoint = diagonals.adjoint
    diag = diagonals.diag
    diag_embed = diagonals.diag_embed
    diagflat = diagonals.diagflat
    diagonal = diagonals.diagonal
    diagonal_scatter = diagonals.diagonal_scatter
    fill_diagonal_ = diagonals.fill_diagonal_
    trace = diagonals.trace
    conj = real_parts.conj
    conj_physical = real_parts.conj_physical
    is_conj = real_parts.is_conj
    is_neg = real_parts.is_neg
    resolve_conj = real_parts.resolve_conj
    resolve_neg = real_parts.resolve_neg
    repeat_interleave = combining.repeat_interleave
    rot90 = combining.rot90
    sum_to_size = combining.sum_to_size
    unfold = sliding.unfold
    as_strided = striding.as_strided
    is_complex = questions.is_complex
    is_floating_point = questions.is_floating_point
    is_nonzero = questions.is_nonzero
    is_same_size = questions.is_same_size
    real = property(real_parts.real)

    conj_physical_ = in_place(real_parts.conj_physical)

    broadcast_to = shaping.broadcast_to
    clone = shaping.clone
    expand = shaping.expand
    expand_as = shaping.expand_as
    flatten = shaping.flatten
    flip = shaping.flip
    fliplr = shaping.fliplr
    flipud = shaping.flipud
    movedim = moveaxis = shaping.movedim
    permute = shaping.permute
    ravel = shaping.ravel
    repeat = shaping.repeat
    reshape = shaping.reshape
    reshape_as = shaping.reshape_as
    roll = shaping.roll
    squeeze = shaping.squeeze
    t = shaping.t
    tile = shaping.tile
    transpose = swapaxes = swapdims = shaping.transpose
    tril = shaping.tril
    triu = shaping.triu
    unflatten = shaping.unflatten
    unsqueeze = shaping.unsqueeze
    view = shaping.view
    view_as = shaping.view_as

    tril_ = in_place(shaping.tril)
    triu_ = in_place(shaping.triu)

    movedim_ = moveaxis_ = reshaped_in_place(shaping.movedim)
    squeeze_ = reshaped_in_place(shaping.squeeze)
    t_ = reshaped_in_place(shaping.t)
    transpose_ = swapaxes_ = swapdims_ = reshaped_in_place(shaping.transpose)
    unsqueeze_ = reshaped_in_place(shaping.unsqueeze)

    # parts
    argwhere = scattering.argwhere
    dsplit = stacking.dsplit
    hsplit = stacking.hsplit
    tensor_split = stacking.tensor_split
    unsafe_chunk = stacking.unsafe_chunk
    unsafe_split = stacking.unsafe_split
    unsafe_split_with_sizes = stacking.unsafe_split_with_sizes
    vsplit = stacking.vsplit

    index_add = scattering.index_add
    index_copy = scattering.index_copy
    index_fill = scattering.index_fill
    index_put = scattering.index_put
    index_reduce = scatter_reducing.index_reduce
    masked_scatter = scattering.masked_scatter
    put = scattering.put
    scatter_reduce = scatter_reducing.scatter_reduce
    select_scatter = scattering.select_scatter
    slice_scatter = scattering.slice_scatter
    take = scattering.take
    take_along_dim = scattering.take_along_dim

    index_add_ = in_place(scattering.index_add)
    index_copy_ = in_place(scattering.index_copy)
    index_fill_ = in_place(scattering.index_fill)
    index_put_ = in_place(scattering.index_put)
    index_reduce_ = in_place(scatter_reducing.index_reduce)
    masked_scatter_ = in_place(scattering.masked_scatter)
    put_ = in_place(scattering.put)
    scatter_reduce_ = in_place(scatter_reducing.scatter_reduce)

    chunk = joining.chunk
    gather = selecting.gather
    index_select = selecting.index_select
    masked_fill = selecting.masked_fill
    masked_select = selecting.masked_select
    narrow = selecting.narrow
    nonzero = selecting.nonzero
    scatter = selecting.scatter
    scatter_add = selecting.scatter_add
    select = selecting.select
    split = joining.split
    split_with_sizes = joining.split_with_sizes
    unbind = joining.unbind

    masked_fill_ = in_place(selecting.masked_fill)
    scatter_ = in_place(selecting.scatter)
    scatter_add_ = in_place(selecting.scatter_add)

    # products
    addbmm = tensor_products.addbmm
    addr = tensor_products.addr
    cross = tensor_products.cross
    inner = tensor_products.inner
    kron = tensor_products.kron
    vdot = tensor_products.vdot

    addbmm_ = in_place(tensor_products.addbmm)
    addr_ = in_place(tensor_products.addr)

    addmm = products.addmm
    addmv = products.addmv
    baddbmm = products.baddbmm
    bmm = products.bmm
    dot = products.dot
    ger = outer = products.outer
    matmul = products.matmul
    mm = products.mm
    mv = products.mv

    addmm_ = in_place(products.addmm)
    addmv_ = in_place(products.addmv)
    baddbmm_ = in_place(products.baddbmm)
