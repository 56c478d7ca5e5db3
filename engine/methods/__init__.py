"""The one-class methods; METHODS is the one table of them."""

from __future__ import annotations

from engine.methods.base import Method
from engine.methods.cfa import Cfa
from engine.methods.mahalanobis import MahalanobisAD
from engine.methods.padim import Padim
from engine.methods.patchcore import PatchCore
from engine.methods.reconpatch import ReConPatch
from engine.methods.spade import Spade
from engine.types import MethodName

METHODS: dict[MethodName, type[Method]] = {
    MethodName.PATCHCORE: PatchCore,
    MethodName.MAHALANOBIS: MahalanobisAD,
    MethodName.PADIM: Padim,
    MethodName.SPADE: Spade,
    MethodName.CFA: Cfa,
    MethodName.RECONPATCH: ReConPatch,
}
