"""Weights imported under a name: whole and hashed, or refused in one sentence."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

import pytest
import safetensors.torch
import timm
import torch
from torch import Tensor, nn

from engine.components import weights_library, weights_misfit
from engine.components.backbone import fill_backbone, open_backbone, strides_of
from engine.components.weights import Weights, read_weights
from engine.components.weights_features import TOLERANCE, check_same, sums_of
from engine.components.weights_library import RECORD, WeightsLibrary, is_name
from engine.components.weights_misfit import looks_like, misfit
from engine.errors import RecipeError, WeightsError

pytestmark = pytest.mark.slow

TINY = "test_resnet"
"""The smallest network timm has that is built like a resnet."""


@cache
def network(model: str = TINY, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return timm.create_model(model, pretrained=False, num_classes=5).eval()


def saved(path: Path, state: dict[str, Tensor] | None = None) -> Path:
    state = network().state_dict() if state is None else state
    if path.suffix == ".safetensors":
        safetensors.torch.save_file(state, path)
    else:
        torch.save(state, path)
    return path


@pytest.fixture
def library(tmp_path: Path) -> WeightsLibrary:
    return WeightsLibrary(tmp_path / "weights")


def refused(library: WeightsLibrary, file: Path, *, model: str = TINY) -> str:
    """Give the one sentence, having seen that nothing was left behind."""
    with pytest.raises(WeightsError) as told:
        library.add(file, model=model)
    assert library.names() == []
    assert not list(file.parent.glob("weights/*"))
    return str(told.value)


class TestImport:
    @pytest.mark.parametrize("origin", ["w.pth", "w.safetensors"])
    def test_what_was_imported_sees_the_same_as_the_file(
        self, library: WeightsLibrary, tmp_path: Path, origin: str
    ) -> None:
        file = saved(tmp_path / origin)
        record = library.add(file, model=TINY, name="mine")
        assert (record.name, record.model, record.origin) == ("mine", TINY, origin)
        assert record.origin_sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
        stored = library.path("mine")
        assert record.sha256 == hashlib.sha256(stored.read_bytes()).hexdigest()
        assert record.n_tensors == len(safetensors.torch.load_file(stored))
        assert record.n_left_out == 2, "the classifier's weight and bias"
        for layers in ((), ("4",), ("layer4",)):
            cpu = torch.device("cpu")
            theirs = open_backbone(TINY, weights=str(file), layers=layers, device=cpu)
            ours = open_backbone(TINY, weights=str(stored), layers=layers, device=cpu)
            assert ours.weights_sha256 == record.sha256
            for level, expected in zip(ours(_picture()), theirs(_picture()), strict=True):
                assert torch.equal(level, expected)

    def test_the_models_name_is_the_default_and_its_tag_is_dropped(
        self, library: WeightsLibrary, tmp_path: Path
    ) -> None:
        record = library.add(saved(tmp_path / "w.pth"), model=f"{TINY}.r160_in1k")
        assert (record.name, record.model) == (TINY, TINY)
        assert library.names() == [TINY]

    def test_a_torchvision_resnet_is_taken(self, library: WeightsLibrary, tmp_path: Path) -> None:
        import torchvision

        torch.manual_seed(0)
        state = torchvision.models.resnet18(weights=None).state_dict()
        record = library.add(saved(tmp_path / "w.pth", state), model="resnet18")
        library.path("resnet18").unlink()
        assert (record.n_tensors, record.n_left_out) == (100, 2)

    def test_tensors_beyond_the_layers_are_left_out(
        self, library: WeightsLibrary, tmp_path: Path
    ) -> None:
        state = network().state_dict() | {"head.extra.weight": torch.ones(3)}
        record = library.add(saved(tmp_path / "w.safetensors", state), model=TINY)
        assert record.n_left_out == 3
        assert "head.extra.weight" not in safetensors.torch.load_file(library.path(TINY))

    def test_the_same_again_changes_nothing(self, library: WeightsLibrary, tmp_path: Path) -> None:
        file = saved(tmp_path / "w.pth")
        assert library.add(file, model=TINY) == library.add(file, model=TINY)

    def test_a_taken_name_is_not_replaced(self, library: WeightsLibrary, tmp_path: Path) -> None:
        first = library.add(saved(tmp_path / "w.pth"), model=TINY, name="mine")
        other = saved(tmp_path / "v.pth", network(seed=1).state_dict())
        with pytest.raises(WeightsError, match=r"'mine' is taken by w.pth .* another --name"):
            library.add(other, model=TINY, name="mine")
        assert library.verify("mine") == first

    def test_a_strange_folder_is_not_replaced(
        self, library: WeightsLibrary, tmp_path: Path
    ) -> None:
        (tmp_path / "weights" / TINY).mkdir(parents=True)
        with pytest.raises(WeightsError, match=r"holds no weights\. Remove it"):
            library.add(saved(tmp_path / "w.pth"), model=TINY)

    def test_a_place_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(WeightsError, match="could not be written"):
            WeightsLibrary(tmp_path / "file").add(saved(tmp_path / "w.pth"), model=TINY)


@pytest.fixture
def few_well_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what takes a second: comparing with every network."""
    monkeypatch.setattr(weights_misfit, "_WELL_KNOWN", ("resnet18",))


class TestRefusals:
    @pytest.fixture(autouse=True)
    def _fast(self, few_well_known: None) -> None: ...

    @pytest.mark.parametrize("origin", ["w.pth", "w.safetensors"])
    def test_a_truncated_file(self, library: WeightsLibrary, tmp_path: Path, origin: str) -> None:
        file = saved(tmp_path / origin)
        file.write_bytes(file.read_bytes()[:-100])
        assert "is damaged or not a plain state dict" in refused(library, file)

    def test_code_in_a_pickle_never_runs(self, library: WeightsLibrary, tmp_path: Path) -> None:
        trace = tmp_path / "it-ran"
        torch.save({"conv1.weight": _RunsCode(trace)}, tmp_path / "w.pth")
        assert "not a plain state dict" in refused(library, tmp_path / "w.pth")
        assert not trace.exists()

    def test_another_networks_are_counted(self, library: WeightsLibrary, tmp_path: Path) -> None:
        file = saved(tmp_path / "w.pth", network("test_efficientnet").state_dict())
        sentence = refused(library, file)
        wanted = sum("num_batches" not in name for name in network().state_dict()) - 2
        assert f"does not fit {TINY}: of its {wanted} tensors" in sentence
        assert "unknown to it. Give --model the timm name" in sentence

    def test_more_of_a_layer_than_the_model_has(
        self, library: WeightsLibrary, tmp_path: Path
    ) -> None:
        state = network().state_dict() | {"layer1.1.conv1.weight": torch.ones(3)}
        sentence = refused(library, saved(tmp_path / "w.pth", state))
        assert "tensors 0 are missing and 0 have another shape; 1 in the file" in sentence

    @pytest.mark.parametrize("model", ["test_vit", "dla46_c"])
    def test_a_network_whose_features_are_named_otherwise(
        self, library: WeightsLibrary, tmp_path: Path, model: str
    ) -> None:
        whole = timm.create_model(model, pretrained=False)
        sentence = refused(library, saved(tmp_path / "w.pth", whole.state_dict()), model=model)
        assert sentence.startswith("Loupe cannot take w.pth: the part")

    def test_weights_that_are_no_numbers(self, library: WeightsLibrary, tmp_path: Path) -> None:
        state = {name: tensor.clone() for name, tensor in network().state_dict().items()}
        state["layer2.0.conv1.weight"][0, 0, 0, 0] = torch.nan
        sentence = refused(library, saved(tmp_path / "w.pth", state))
        assert "w.pth gives numbers in 'layer2' of test_resnet that are not finite" in sentence

    def test_a_model_nobody_knows(self, library: WeightsLibrary, tmp_path: Path) -> None:
        with pytest.raises(RecipeError, match="no CNN named 'resnet19'"):
            library.add(saved(tmp_path / "w.pth"), model="resnet19")

    @pytest.mark.parametrize(
        "name", ["", ".", "..", "a/b", "a\\b", "w.pth", "Mine", "-a", "ä", "con", "a" * 65]
    )
    def test_what_is_no_name(self, library: WeightsLibrary, tmp_path: Path, name: str) -> None:
        assert not is_name(name)
        with pytest.raises(WeightsError, match=r"cannot be a name of weights\. Give --name"):
            library.add(saved(tmp_path / "w.pth"), model=TINY, name=name)

    @pytest.mark.parametrize("name", ["builtin", "timm", "gabor"])
    def test_words_with_a_meaning_are_no_names(self, name: str) -> None:
        assert not is_name(name)


class TestLikeness:
    @pytest.mark.parametrize("model", ["resnet18", "resnet34", "mobilenetv2_100"])
    def test_a_well_known_network_is_recognised(self, model: str) -> None:
        with torch.device("meta"):
            whole = timm.create_model(model, pretrained=False)
        weights = Weights(whole.state_dict(), "w.pth", "0" * 64)
        assert looks_like(weights) == model
        assert f"They look like {model}: give --model {model}." in misfit(weights, TINY)


class TestVerify:
    @pytest.fixture
    def installed(self, library: WeightsLibrary, tmp_path: Path) -> WeightsLibrary:
        library.add(saved(tmp_path / "w.pth"), model=TINY, name="mine")
        return library

    def test_what_is_sound(self, installed: WeightsLibrary) -> None:
        assert installed.verify("mine") == installed.record("mine") == installed.checked("mine")

    def test_a_name_nobody_gave_lists_those_there_are(self, installed: WeightsLibrary) -> None:
        with pytest.raises(WeightsError, match=r"no weights named 'yours'\. Imported are: mine"):
            installed.verify("yours")

    @pytest.mark.parametrize("damage", ["cut off", "changed", "gone"])
    def test_a_damaged_file(self, installed: WeightsLibrary, damage: str) -> None:
        path = installed.path("mine")
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.unlink()
        if damage != "gone":
            path.write_bytes(content if damage == "changed" else content[:-9])
        sentence = "cannot be read" if damage == "gone" else "changed or cut off since"
        for check in (installed.checked, installed.verify):
            with pytest.raises(WeightsError, match=rf"'mine' .*{sentence}.*Remove the folder"):
                check("mine")

    @pytest.mark.parametrize("content", ["", "{", '{"format": "loupe weights"}', "[]"])
    def test_a_damaged_record(self, installed: WeightsLibrary, content: str) -> None:
        (installed.path("mine").parent / RECORD).write_text(content)
        with pytest.raises(WeightsError, match="record of the weights 'mine' is damaged"):
            installed.verify("mine")

    def test_a_renamed_folder(self, installed: WeightsLibrary) -> None:
        folder = installed.path("mine").parent
        folder.rename(folder.with_name("yours"))
        with pytest.raises(WeightsError, match="imported as 'mine'"):
            installed.verify("yours")

    def test_a_record_of_another_model(
        self, installed: WeightsLibrary, few_well_known: None
    ) -> None:
        path = installed.path("mine").parent / RECORD
        path.write_text(json.dumps(json.loads(path.read_text()) | {"model": "test_efficientnet"}))
        with pytest.raises(WeightsError, match="does not fit test_efficientnet"):
            installed.verify("mine")

    def test_a_pc_that_computes_otherwise(
        self, installed: WeightsLibrary, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def leaky(*arguments: object, **options: object) -> object:
            backbone = fill_backbone(*arguments, **options)  # type: ignore[arg-type]
            for module in backbone.network.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eps = 1e-3  # as TensorFlow's networks have it, instead of 1e-5
            return backbone

        monkeypatch.setattr(weights_library, "fill_backbone", leaky)
        with pytest.raises(WeightsError, match=r"are not those of the import: their sum is off"):
            installed.verify("mine")


class TestFeatures:
    @pytest.mark.filterwarnings("ignore:TF32 acceleration")
    def test_threads_and_kernels_stay_far_within_the_tolerance(self, tmp_path: Path) -> None:
        weights = read_weights(saved(tmp_path / "w.pth"))
        backbone = fill_backbone(
            TINY, weights, layers=tuple(strides_of(TINY)), device=torch.device("cpu")
        )
        noted = sums_of(backbone)
        backbone.network.to(memory_format=torch.contiguous_format)
        with torch.backends.mkldnn.flags(enabled=False):
            found = sums_of(backbone)
        check_same(noted, found)
        for then, now in zip(noted, found, strict=True):
            assert abs(then.total - now.total) < TOLERANCE / 10 * then.magnitude

    def test_a_layer_more_is_said(self, tmp_path: Path) -> None:
        weights = read_weights(saved(tmp_path / "w.pth"))
        backbone = fill_backbone(TINY, weights, layers=("4", "8"), device=torch.device("cpu"))
        sums = sums_of(backbone)
        with pytest.raises(WeightsError, match="has the layers layer1, layer2; at the import"):
            check_same(sums[:1], sums)


class _RunsCode:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def _picture() -> Tensor:
    return torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
