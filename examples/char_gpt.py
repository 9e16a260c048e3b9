"""A small GPT that learns to write, character by character, from a text: Shakespeare's sonnets, or one of yours.

    python examples/char_gpt.py
    python examples/char_gpt.py --text my_book.txt --steps 2000 --layers 4 --width 128

The number to judge it by is how many bits it needs for a character of the part of the text that it has not seen.
Beside it stand what it takes to know how often each character occurs (the unigram entropy), and what it takes to know
also the character before (bigrams).

The structure is that of GPT-2 (A. Radford et al., Language models are unsupervised multitask learners, 2019): layer
normalisation before attention and before the perceptron, learned positions, and the embedding shared with the output.
"""

import argparse
import math
import time
from pathlib import Path

import tinygrad_cn as tg
from tinygrad_cn import nn, optim
from tinygrad_cn.nn import functional as F


class Attention(nn.Module):
    """Every character looks at those before it, and at itself."""

    def __init__(self, width, heads, dropout):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x):  # (N, T, C)
        n, t, c = x.shape
        q, k, v = (part.view(n, t, self.heads, -1).transpose(1, 2) for part in self.qkv(x).split(c, dim=2))
        x = F.scaled_dot_product_attention(q, k, v, is_causal=True)  # (N, heads, T, C / heads)
        return F.dropout(self.out(x.transpose(1, 2).reshape(n, t, c)), self.dropout, self.training)


class Block(nn.Module):
    def __init__(self, width, heads, dropout):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads, dropout)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width), nn.Dropout(dropout)
        )

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    def __init__(self, characters, context, width=96, heads=4, layers=3, dropout=0.1):
        super().__init__()
        self.context = context
        self.characters = nn.Embedding(characters, width)
        self.positions = nn.Embedding(context, width)
        self.blocks = nn.Sequential(*(Block(width, heads, dropout) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, characters, bias=False)
        self.head.weight = self.characters.weight
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:  # the branches that are added up begin small
                small = name.endswith(("out.weight", "mlp.2.weight"))
                nn.init.normal_(parameter, std=0.05 / (math.sqrt(2 * layers) if small else 1))

    def forward(self, tokens):  # (N, T) -> (N, T, characters)
        x = self.characters(tokens) + self.positions(tg.arange(tokens.shape[1]))
        return self.head(self.norm(self.blocks(x)))

    @tg.no_grad()
    def write(self, tokens, length, temperature=0.8, top_k=20):
        """Continue ``tokens`` ``(N, T)`` by ``length`` characters, drawn from the ``top_k`` likeliest each time."""
        self.eval()
        for _ in range(length):
            scores = self(tokens[:, -self.context :])[:, -1] / temperature
            least = scores.topk(min(top_k, scores.shape[-1])).values[:, -1:]
            chances = F.softmax(scores.masked_fill(scores < least, -math.inf), dim=-1)
            tokens = tg.cat((tokens, tg.multinomial(chances, 1)), dim=1)
        return tokens


def optimizer_for(model, lr):
    """AdamW that pulls matrices towards 0, but no biases and no scales of normalisation."""
    matrices = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    return optim.AdamW(groups, lr=lr, betas=(0.9, 0.99))


def learning_rate(step, steps, warm_up):
    """The share of the highest rate: up in a line, then down along half a cosine to a tenth."""
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.1 + 0.45 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))


def batch(tokens, size, context):
    """Pieces of the text, and the same moved on by one character, which is what they are to foretell."""
    at = tg.randint(0, len(tokens) - context, (size, 1)) + tg.arange(context)
    return tokens[at], tokens[at + 1]


@tg.no_grad()
def bits_per_character(model, tokens):
    """Over all of ``tokens``, in pieces; the second half of each, so that there is something to go by."""
    model.eval()
    context, half = model.context, model.context // 2
    starts = tg.arange(0, len(tokens) - context, half)[:, None] + tg.arange(context)
    losses = []
    for at in starts.split(64):
        scores = model(tokens[at])[:, half:]
        losses.append(F.cross_entropy(scores.flatten(0, 1), tokens[at + 1][:, half:].flatten(), reduction="none"))
    return tg.cat(losses).mean().item() / math.log(2)


def counted_bits(training, held_out, characters):
    """Bits for a held-out character by how often characters, and pairs of them, occur in the training text."""
    single = tg.bincount(training, minlength=characters) + 1.0
    pairs = tg.bincount(training[:-1] * characters + training[1:], minlength=characters**2).reshape(characters, -1)
    pairs = pairs + single / single.sum()  # what never occurred is as likely as its characters
    unigram = -(single / single.sum())[held_out].log2().mean()
    bigram = -(pairs / pairs.sum(1, keepdim=True))[held_out[:-1], held_out[1:]].log2().mean()
    return unigram.item(), bigram.item()


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, default=Path(__file__).parent / "data" / "sonnets.txt")
    parser.add_argument("--steps", type=int, help="400 by default")
    parser.add_argument("--context", type=int, default=64, help="how many characters it can look back")
    parser.add_argument("--width", type=int, default=96)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--prompt", default="\n\n", help="what the sample begins with")
    parser.add_argument("--length", type=int, default=400, help="of the sample, in characters")
    parser.add_argument("--temperature", type=float, default=0.8)
    parser.add_argument("--top-k", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="a smaller model for 60 steps: a few seconds")
    options = parser.parse_args(argv)
    if options.quick:
        options.width, options.layers, options.context, options.length = 48, 2, 32, 80
    steps = options.steps or (60 if options.quick else 400)

    tg.manual_seed(options.seed)
    text = options.text.read_text(encoding="utf-8")
    alphabet = sorted(set(text) | set(options.prompt))
    number = {character: i for i, character in enumerate(alphabet)}
    tokens = tg.tensor([number[character] for character in text])
    training, held_out = tokens[: len(tokens) * 9 // 10], tokens[len(tokens) * 9 // 10 :]
    model = GPT(len(alphabet), options.context, options.width, options.heads, options.layers, options.dropout)
    optimizer = optimizer_for(model, options.lr)
    scheduler = optim.lr_scheduler.LambdaLR(optimizer, lambda step: learning_rate(step, steps, steps // 10))
    unigram, bigram = counted_bits(training, held_out, len(alphabet))
    print(
        f"{sum(p.numel() for p in model.parameters()):,} parameters; {len(text):,} characters of {len(alphabet)} kinds"
    )
    print(f"held out, by counting: {unigram:.3f} bits a character, {bigram:.3f} by pairs")

    start = time.perf_counter()
    for step in range(1, steps + 1):
        model.train()
        inputs, targets = batch(training, options.batch_size, options.context)
        loss = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        if step % max(1, steps // 5) == 0 or step == steps:
            found = bits_per_character(model, held_out)
            print(f"step {step:4d}: {loss.item() / math.log(2):.3f} bits in training, {found:.3f} held out")
    print(f"{found:.3f} bits a held-out character, after {time.perf_counter() - start:.0f} s; it writes:")

    prompt = tg.tensor([[number[character] for character in options.prompt]])
    written = model.write(prompt, options.length, options.temperature, options.top_k)
    print("".join(alphabet[i] for i in written[0].tolist()).strip("\n"))
    return found, unigram, bigram


if __name__ == "__main__":
    main()
