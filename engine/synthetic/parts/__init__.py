"""The simulator's parts. Pretraining never imports this package: a test part must stay unseen."""

from engine.synthetic.parts.defects import add_defect
from engine.synthetic.parts.drawn import DefectKind, Drawn
from engine.synthetic.parts.ring import draw_ring

__all__ = ["DefectKind", "Drawn", "add_defect", "draw_ring"]
