"""A comparison as a whole: what was compared on what, who is best, and what to think of it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.comparison.conclusion import conclusion
from engine.comparison.ranking import Row
from engine.comparison.split import Split

_FEW = 30
"""Test pictures of one truth below which a remark warns."""


@dataclass(frozen=True)
class NotMeasured:
    """A candidate without figures."""

    name: str
    reason: str
    """A sentence for people."""


@dataclass(frozen=True)
class Comparison:
    """Candidates on the same split."""

    split: Split
    rows: tuple[Row, ...]
    """Best first."""
    not_measured: tuple[NotMeasured, ...]

    @property
    def conclusion(self) -> str:
        """What the figures support, in one sentence."""
        return conclusion(self.rows, drawn=self.split.drawn)

    @property
    def n_fitted_on(self) -> int:
        """Good pictures that every candidate was fitted on."""
        return len(self.split.dataset.train_good)

    @property
    def n_good(self) -> int:
        """Good pictures that every candidate was tested with."""
        return sum(picture.defect_class is None for picture in self.split.dataset.test)

    @property
    def n_defective(self) -> int:
        """Defective pictures that every candidate was tested with."""
        return len(self.split.dataset.test) - self.n_good

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences for people about what the figures rest on."""
        said = [*self.split.remarks]
        if min(self.n_good, self.n_defective) < _FEW:
            said.append(
                f"{self.n_good} good and {self.n_defective} defective test pictures tell little: "
                f"with {_FEW} of each or more the intervals become useful."
            )
        if len(self.rows) > 1:
            said.append(
                "The best was chosen on these very pictures, so its figures flatter it a little."
            )
        of_each = [set(row.measured.evaluation.remarks) for row in self.rows]
        shared = set.intersection(*of_each) if of_each else set()
        for row in self.rows:
            for remark in row.measured.evaluation.remarks:
                named = remark if remark in shared else f"{row.name}: {remark}"
                if named not in said:
                    said.append(named)
        return tuple(said)
