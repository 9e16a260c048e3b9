"""Learning to balance a pole on a cart by trial and error: proximal policy optimisation, on many carts at once.

    python examples/cartpole.py
    python examples/cartpole.py --seed 3 --carts 32

An episode ends when the pole leans more than 12 degrees, when the cart is 2.4 m from the middle, or after 500 steps
(10 seconds). The number to judge it by is how many steps 100 new episodes last; pushing at random lasts about 22.

Sources: A. G. Barto, R. S. Sutton, C. W. Anderson, Neuronlike adaptive elements that can solve difficult learning
control problems, IEEE Transactions on Systems, Man, and Cybernetics 13, 1983 (the cart);
J. Schulman et al., Proximal policy optimization algorithms, 2017, https://arxiv.org/abs/1707.06347.
"""

import argparse
import math
import time

import tinygrad_cn as tg
from tinygrad_cn import nn, optim
from tinygrad_cn.distributions import Categorical
from tinygrad_cn.nn import functional as F

LIMIT = 500  # steps of an episode


class CartPoles:
    """Some carts with a pole each. A state is place, speed, angle and turning speed: ``(n, 4)``."""

    def __init__(self, n):
        self.age = tg.zeros(n)
        self.states = self.fresh(n)

    @staticmethod
    def fresh(n):
        return tg.rand(n, 4) * 0.1 - 0.05

    def step(self, actions):
        """Push each cart to the left (0) or to the right (1) for 0.02 s; returns whose episode ended."""
        _, speed, angle, turning = self.states.unbind(1)
        force = (actions * 2 - 1) * 10.0  # N
        sin, cos = angle.sin(), angle.cos()
        mass, pole, half = 1.1, 0.1, 0.5  # kg in all, kg of the pole, m
        thrust = (force + pole * half * turning**2 * sin) / mass
        twist = (9.8 * sin - cos * thrust) / (half * (4 / 3 - pole * cos**2 / mass))
        pull = thrust - pole * half * twist * cos / mass
        self.states = self.states + 0.02 * tg.stack((speed, pull, turning, twist), dim=1)
        self.age += 1
        fallen = (self.states[:, 0].abs() > 2.4) | (self.states[:, 2].abs() > math.radians(12))
        ended = fallen | (self.age >= LIMIT)
        self.states = tg.where(ended[:, None], self.fresh(len(ended)), self.states)
        self.age = self.age.masked_fill(ended, 0)
        return ended


class Agent(nn.Module):
    """Says which way to push, and how well it expects to do."""

    def __init__(self, hidden=64):
        super().__init__()
        self.actor = nn.Sequential(nn.Linear(4, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh())
        self.critic = nn.Sequential(nn.Linear(4, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh())
        self.push, self.value = nn.Linear(hidden, 2), nn.Linear(hidden, 1)
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.orthogonal_(layer.weight, 0.01 if layer is self.push else math.sqrt(2))
                nn.init.zeros_(layer.bias)

    def forward(self, states):
        return Categorical(logits=self.push(self.actor(states))), self.value(self.critic(states)).squeeze(-1)


@tg.no_grad()
def play(agent, carts, steps, discount, smoothing):
    """Let the carts run; returns states, actions, their log-probabilities, advantages, returns, each ``(T n, ...)``."""
    seen, pushes, chances, values, ends = [], [], [], [], []
    for _ in range(steps):
        policy, value = agent(carts.states)
        actions = policy.sample()
        seen.append(carts.states)
        pushes.append(actions)
        chances.append(policy.log_prob(actions))
        values.append(value)
        ends.append(carts.step(actions).float())
    following = agent(carts.states)[1]
    advantage, advantages = tg.zeros_like(following), []
    for value, ended in zip(reversed(values), reversed(ends), strict=True):  # generalised advantage estimation
        error = 1 + discount * following * (1 - ended) - value
        advantage = error + discount * smoothing * (1 - ended) * advantage
        advantages.append(advantage)
        following = value
    advantages = tg.stack(advantages[::-1])
    columns = (tg.stack(seen), tg.stack(pushes), tg.stack(chances), advantages, advantages + tg.stack(values))
    return [column.flatten(0, 1) for column in columns]


def improve(agent, optimizer, experience, epochs, batch_size, clip=0.2):
    """Take likelier the pushes that did better than expected, but no step too far from the policy that made them."""
    for _ in range(epochs):
        for at in tg.randperm(len(experience[0])).split(batch_size):
            states, actions, before, advantages, returns = (column[at] for column in experience)
            policy, values = agent(states)
            ratio = (policy.log_prob(actions) - before).exp()
            advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
            gain = tg.minimum(ratio * advantages, ratio.clamp(1 - clip, 1 + clip) * advantages).mean()
            loss = -gain + 0.5 * F.mse_loss(values, returns) - 0.01 * policy.entropy().mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
            optimizer.step()


@tg.no_grad()
def episode_lengths(agent, n=100):
    """How long each of ``n`` new episodes lasts; ``agent`` may be ``None``, which pushes at random."""
    carts = CartPoles(n)
    lengths, running = tg.zeros(n), tg.ones(n, dtype=tg.bool)
    while running.any():
        actions = tg.randint(0, 2, (n,)) if agent is None else agent(carts.states)[0].logits.argmax(1)
        lengths += running
        running &= ~carts.step(actions)
    return lengths


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--carts", type=int, default=16, help="that run side by side")
    parser.add_argument("--rounds", type=int, help="of playing and improving: 40 by default")
    parser.add_argument("--steps", type=int, default=128, help="of each cart in a round")
    parser.add_argument("--lr", type=float, default=2.5e-3, help="the learning rate of the first round; it falls to 0")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="5 rounds: a few seconds")
    options = parser.parse_args(argv)
    rounds = options.rounds or (5 if options.quick else 40)

    tg.manual_seed(options.seed)
    agent, carts = Agent(), CartPoles(options.carts)
    optimizer = optim.Adam(agent.parameters(), lr=options.lr, eps=1e-5)
    scheduler = optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=rounds)
    print(f"pushing at random: {episode_lengths(None).mean().item():.0f} of {LIMIT} steps")

    start = time.perf_counter()
    for round in range(1, rounds + 1):
        experience = play(agent, carts, options.steps, discount=0.99, smoothing=0.95)
        improve(agent, optimizer, experience, epochs=4, batch_size=256)
        scheduler.step()
        if round % 5 == 0:
            lasting = episode_lengths(agent).mean().item()
            print(f"round {round:2d}, {round * len(experience[0]):,} pushes: {lasting:.0f} steps")
    lengths = episode_lengths(agent)
    seconds = time.perf_counter() - start
    mean, least = lengths.mean().item(), lengths.min().item()
    print(f"100 new episodes last {mean:.0f} steps, the shortest {least:.0f}; {seconds:.0f} s")
    return mean


if __name__ == "__main__":
    main()
