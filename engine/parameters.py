"""Each method's own settings; the defaults are those of its paper, or what serves a line better."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo

from engine.types import MethodName, SearchName


class MethodParameters(BaseModel):
    """What every record of settings has in common: it is checked, and cannot be changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @property
    def has_map(self) -> bool:
        """False: whole pictures only are scored; there is no pixel limit and no region."""
        return True

    def settled(self, backbone: str, *, adapted: bool) -> Self:
        """Give the settings with every ``auto`` decided; called once, when a fit begins.

        A release keeps what was decided, so that it does not depend on a later default.

        Parameters
        ----------
        backbone
            Its real name.
        adapted
            Whether a metric head stands on it.
        """
        del backbone, adapted
        return self


class PatchCoreParameters(MethodParameters):
    """PatchCore's own settings; the defaults are those of the official code, but for speed."""

    coreset: float | None = Field(default=None, gt=0, le=1)
    """Share of all patches kept in the bank; None: 10 %, at most 8 000 rows."""
    image_score: Literal["auto", "map", "max", "reweighted"] = "auto"
    """`map`: the largest value of the shown map, ours; `max`: the largest distance, the official
    code; `reweighted`: Eq. 7 of the paper. `auto`: max for wide_resnet50_2, whose published figures
    come of it, map for all others: on drawn damage it ranks pictures better (model card of the
    built-in weights)."""
    neighbours: int = Field(default=9, ge=2)
    """b of Eq. 7; with 1 the weight, and so every score, would be 0."""
    descriptor: Literal["auto", "concat", "official", "plain"] = "auto"
    """`auto`: official 1024-d for wide_resnet50_2, plain for an adapted backbone, concat for all
    others."""

    search: SearchName = SearchName.SCREENED
    """How the nearest remembered patch is found; the limits come from the same search."""

    def settled(self, backbone: str, *, adapted: bool) -> Self:
        """Decide on descriptor and image score."""
        published = backbone == "wide_resnet50_2"
        decided = {}
        if self.image_score == "auto":
            decided["image_score"] = "max" if published else "map"
        if self.descriptor == "auto":
            usual = "official" if published else "concat"
            decided["descriptor"] = "plain" if adapted else usual
        return self.model_copy(update=decided)


class MahalanobisParameters(MethodParameters):
    """Mahalanobis AD's own settings: all layers take part, and the shrinkage is estimated."""

    map: Literal["none", "indicative"] = "none"
    """`none`, as published: it scores whole pictures. `indicative`: a map of how far each position
    lies from the mean features of good pictures, which is not in the paper; the score stays."""

    @property
    def has_map(self) -> bool:
        """Only where the map that is not in the paper was asked for."""
        return self.map == "indicative"


USUAL_CHANNELS = 100
"""d of PaDiM for resnet18."""


class PadimParameters(MethodParameters):
    """PaDiM's own settings; defaults as in the paper, §IV-C."""

    channels: int | None = Field(default=None, ge=1)
    """d, channels drawn from those of all layers; None: 550 for wide_resnet50_2, else 100. More
    than there are means all."""
    channel_seed: int = Field(default=1024, ge=0)
    """Of the draw; 1024 draws what the best-known public code draws."""

    def settled(self, backbone: str, *, adapted: bool) -> Self:
        """Decide on the number of channels."""
        del adapted
        if self.channels is not None:
            return self
        return self.model_copy(
            update={"channels": 550 if backbone == "wide_resnet50_2" else USUAL_CHANNELS}
        )


class SpadeParameters(MethodParameters):
    """SPADE's own settings; the defaults are what public code came to, not the paper's K of 50."""

    image_score: Literal["pictures", "map"] = "pictures"
    """`pictures`: how far the nearest good pictures are as a whole, the paper; `map`: the largest
    value of the shown map, ours. A defect too small to change the whole is seen by the latter
    only."""
    image_neighbours: int = Field(default=5, ge=1)
    """K of the image score of `pictures`; more than there are means all. The paper's 50 ranks
    pictures worse."""
    map_neighbours: int = Field(default=5, ge=1)
    """K of the map: good pictures that each place is searched in. 50 finds somewhat more and costs
    ten times as much."""
    squared: bool = True
    """Whether the image score of `pictures` is the mean of squared distances, as in the paper, or
    of plain ones, as in the best-known public code."""
    fusion: Literal["levels", "concat"] = "levels"
    """`levels`: the mean of the levels' distances, the public code; `concat`: squared distances of
    all levels as one vector, the paper."""
    precision: Literal["float32", "float16"] = "float32"
    """Of the feature maps that are remembered and of those compared with them; `float16` halves
    the release."""


class CfaParameters(MethodParameters):
    """CFA's own settings; defaults are those of the official code, except where it is said.

    The symbols are the paper's.
    """

    gamma_d: int = Field(default=2, ge=1)
    """γ_d: patches have this part of the backbone's channels. The official code's default is 1;
    with 2 the search takes half as long."""
    gamma_c: int = Field(default=1, ge=1)
    """γ_c: the bank has this part of the inspected patches; above 1 they are clustered."""
    attracting: int = Field(default=3, ge=1)
    """K: nearest centres that attract a patch, and that score it."""
    repelling: int = Field(default=3, ge=1)
    """J: the next nearest ones, which repel it."""
    radius: float = Field(default=1e-5, gt=0)
    """r at the beginning."""
    learn_radius: bool = True
    """Whether r is learned, as in the official code; the paper's text leaves it as it is."""
    margin: float = Field(default=0.1, ge=0)
    """α."""
    softness: float = Field(default=1e-3, gt=0)
    """ν, by which the loss is divided."""
    learning_rate: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=5e-4, ge=0)
    batch: int = Field(default=4, ge=1)
    """Pictures of one step."""
    epochs: int = Field(default=30, ge=1)
    """Times each picture is learned from, where `most_steps` allows it."""
    most_steps: int = Field(default=100, ge=1)
    """Steps of a training at most; the official code has no such bound. It bounds the time of a fit
    to many pictures, and what is forgotten: trained for longer, φ keeps nothing that the mean good
    part does not need, defects among it. On the magnetic tiles (backbone builtin, 359 good ones
    learned from) the image AUROC is 0.77 after 100 steps and 0.64 after 600, the pixel AUROC 0.90
    and 0.79. Figures of the best epoch on the test set do not show this."""
    update_steps: int = Field(default=25, ge=1)
    """Steps of an update at most, which go on from those before."""
    descriptor: Literal["auto", "concat", "plain"] = "auto"
    """`concat` averages 3 × 3 neighbourhoods, `plain` does not; `auto`: plain for an adapted
    backbone, which has done so already, concat for all others."""

    def settled(self, backbone: str, *, adapted: bool) -> Self:
        """Decide on the descriptor."""
        del backbone
        if self.descriptor != "auto":
            return self
        return self.model_copy(update={"descriptor": "plain" if adapted else "concat"})


class ReConPatchParameters(MethodParameters):
    """ReConPatch's own settings; no official code exists, and the paper leaves many open.

    From the paper: `dimensions`, `learning_rate`, `weight_decay` and the share of 1 %.
    A product's choice, as nothing is published: `projection`, `normalise`, `bandwidth`, `context`,
    `pairwise_share`, `margin`, `averaging`, `batch`, `neighbours`, and the budget `epochs`,
    `most_steps` and `update_epochs` (the paper trains for 120 epochs, on a GPU).
    """

    coreset: float | None = Field(default=None, gt=0, le=1)
    """Share of all patches kept in the bank; None: 1 %, at least 1 000 and at most 8 000 rows."""
    image_score: Literal["map", "max", "reweighted"] = "reweighted"
    """`map`: the largest value of the shown map, ours; `max`: the largest distance; `reweighted`:
    Eq. 10 of the paper, which is PatchCore's 7."""
    neighbours: int = Field(default=9, ge=2)
    """b of Eq. 10."""
    descriptor: Literal["auto", "concat", "official", "plain"] = "auto"
    """What the layer sees of a patch; as in `PatchCoreParameters`."""
    search: SearchName = SearchName.SCREENED
    """How the nearest remembered patch is found; the limits come from the same search."""
    dimensions: int = Field(default=512, ge=1)
    """Numbers the layer f gives for a patch, in which scores are taken."""
    projection: int = Field(default=128, ge=1)
    """Numbers g gives, in which the layer is trained."""
    normalise: bool = True
    """Whether patches are compared by direction only when similarities are taken."""
    bandwidth: float = Field(default=0.5, gt=0)
    """σ of the pairwise similarity."""
    context: int = Field(default=5, ge=2)
    """k, nearest patches of a batch, itself among them, that make a patch's context."""
    pairwise_share: float = Field(default=0.5, ge=0, le=1)
    """α, of the pairwise similarity in the whole; the rest is the contextual one's."""
    margin: float = Field(default=1.0, ge=0)
    """m: patches that are not alike push apart up to so many mean distances."""
    averaging: float = Field(default=0.999, ge=0, lt=1)
    """γ, kept of the moving averages at each step."""
    batch: int = Field(default=1024, ge=2)
    """Patches per step."""
    learning_rate: float = Field(default=1e-5, gt=0)
    """At the beginning; it falls along half a cosine."""
    weight_decay: float = Field(default=1e-2, ge=0)
    """Of AdamP."""
    epochs: int = Field(default=20, ge=1)
    """How often as many patches as there are get drawn, where `most_steps` allows it."""
    most_steps: int = Field(default=4_000, ge=1)
    """Steps of a training at most; from about 260 pictures on this bounds how long it takes."""
    update_epochs: int = Field(default=5, ge=0)
    """Epochs of the warm start when pictures come or go; 0: the layer stays as it is."""

    def settled(self, backbone: str, *, adapted: bool) -> Self:
        """Decide on the descriptor, as PatchCore does."""
        like = PatchCoreParameters(descriptor=self.descriptor).settled(backbone, adapted=adapted)
        return self.model_copy(update={"descriptor": like.descriptor})


Parameters: TypeAlias = (
    PatchCoreParameters
    | MahalanobisParameters
    | PadimParameters
    | SpadeParameters
    | CfaParameters
    | ReConPatchParameters
)

PARAMETERS: dict[MethodName, type[Parameters]] = {
    MethodName.PATCHCORE: PatchCoreParameters,
    MethodName.MAHALANOBIS: MahalanobisParameters,
    MethodName.PADIM: PadimParameters,
    MethodName.SPADE: SpadeParameters,
    MethodName.CFA: CfaParameters,
    MethodName.RECONPATCH: ReConPatchParameters,
}
"""The record that belongs to each method."""


def _of_the_method(given: Any, info: ValidationInfo) -> Any:
    """Read settings as those of the method that stands beside them in a recipe or manifest."""
    method = info.data.get("method")
    if method is None:  # it was refused already
        return given
    record = PARAMETERS[method]
    if isinstance(given, MethodParameters) and not isinstance(given, record):
        raise ValueError(f"{method} takes {record.__name__}, not {type(given).__name__}.")
    try:
        return record.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{place} of {method}: {first['msg']}") from error


OwnParameters: TypeAlias = Annotated[Parameters, BeforeValidator(_of_the_method)]
"""Type of a field ``parameters`` that stands behind a field ``method``."""


def own_parameters() -> Any:
    """Declare a field `OwnParameters` that is the method's defaults where nothing is given."""
    return Field(default_factory=lambda data: PARAMETERS[data["method"]]())
