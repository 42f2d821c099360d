"""Recipes: how far training examples stray from what really happened, and how much of it the network is told.

`render` is what critters was trained by until version 0.1: every example hears the whole state, and a quarter of the
pasts belong to another recording. The best answer to that is the mean of all pictures that fit state and prompt, so
what they leave open comes out grey (docs/decisions/0015). `generate` leaves steering out at random and never lies
about the past, except where a branch of the same moment says what the past would really hold. `keys` is the same for
small worlds, most of it by keys alone.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Shares are of examples, and each is drawn by itself unless it says otherwise."""

    # The past.
    stale: float  # in-flight latents show an older moment of the same recording
    foreign: float  # references and in-flight latents show another recording
    branched: float  # in-flight latents show another future of the same moment; taken from what has branches
    max_stale: int = 3  # latents
    # Noise.
    free_levels: float = 0.0  # every latent has a level of its own, references included (Diffusion Forcing, 2407.01392)
    noised_references: float = 0.0  # references have a level up to `max_reference_level`, told to the network
    max_reference_level: float = 0.6
    reference_noise: float = 0.1  # largest standard deviation added to references without telling
    # What is told. The four ways of steering add up to 1.
    unprompted: float = 0.07  # no prompt
    by_state: float = 1.0
    by_actions: float = 0.0
    by_both: float = 0.0
    free: float = 0.0
    partial_state: float = 0.0  # of those with a state: some of its fields alone
    changed_steering: float = 0.0  # another way of steering from a frame of the buffer on
    contradicted: float = 0.0  # of those with the whole state and actions: actions of another example; the state wins
    # The loss.
    sigma_floor: float | None = None  # a latent weighs 1 / (sigma^2 + floor); None: all weigh the same

    def __post_init__(self) -> None:
        ways = self.ways
        if abs(sum(ways) - 1) > 1e-6 or min(ways) < 0:
            raise ValueError(f"by_state, by_actions, by_both and free are {ways}, they must add up to 1")
        if self.stale + self.foreign + self.branched > 1:
            raise ValueError(
                f"stale {self.stale}, foreign {self.foreign} and branched {self.branched} are more than 1 together"
            )

    @property
    def ways(self) -> tuple[float, float, float, float]:
        """Shares of examples steered by state, by actions, by both and by neither."""
        return self.by_state, self.by_actions, self.by_both, self.free

    def without_strays(self) -> "Recipe":
        """The same with nothing but the true past and all steering told: what validation asks."""
        return replace(
            self, stale=0.0, foreign=0.0, branched=0.0, unprompted=0.0, partial_state=0.0, changed_steering=0.0
        )


RENDER = Recipe(stale=0.35, foreign=0.25, branched=0.0)
GENERATE = Recipe(
    stale=0.12,
    foreign=0.0,
    branched=0.2,
    free_levels=0.3,
    noised_references=0.4,
    unprompted=0.1,
    by_state=0.35,
    by_actions=0.3,
    by_both=0.1,
    free=0.25,
    partial_state=0.2,
    changed_steering=0.15,
    contradicted=0.3,
    sigma_floor=0.05,
)
# For a small world that is played by keys: most examples are told nothing else (docs/decisions/0016).
KEYS = Recipe(
    stale=0.0,
    foreign=0.0,
    branched=0.15,
    noised_references=0.1,
    unprompted=0.1,
    by_state=0.07,
    by_actions=0.76,
    by_both=0.05,
    free=0.12,
    partial_state=0.1,
    sigma_floor=0.5,
)
RECIPES = {"generate": GENERATE, "keys": KEYS, "render": RENDER}
