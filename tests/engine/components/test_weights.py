from __future__ import annotations

import hashlib
import pickle
import random
import warnings
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from engine.components.weights import Weights, fingerprint, fitted_to, read_weights
from engine.errors import WeightsError


def small_network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 5, 1)).eval()


def saved(path: Path, found: object) -> Path:
    if path.suffix == ".safetensors":
        assert isinstance(found, dict)
        safetensors.torch.save_file(found, path)
    else:
        torch.save(found, path)
    return path


def same(found: Weights, network: nn.Module) -> bool:
    state = network.state_dict()
    return found.tensors.keys() == state.keys() and all(
        torch.equal(found.tensors[name], tensor) for name, tensor in state.items()
    )


class TestReading:
    @pytest.mark.parametrize("name", ["w.pth", "w.pt", "w.safetensors"])
    def test_a_state_dict_comes_back(self, tmp_path: Path, name: str) -> None:
        path = saved(tmp_path / name, small_network().state_dict())
        found = read_weights(path)
        assert same(found, small_network())
        assert found.origin == name
        assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()

    def test_a_file_of_before_torch_1_6_comes_back(self, tmp_path: Path) -> None:
        path = tmp_path / "old.pth"
        state = small_network().state_dict()
        torch.save(state, path, _use_new_zipfile_serialization=False)
        assert same(read_weights(path), small_network())

    def test_the_suffix_may_be_in_capitals(self, tmp_path: Path) -> None:
        lower = saved(tmp_path / "w.safetensors", small_network().state_dict())
        assert same(read_weights(lower.rename(tmp_path / "W.SAFETENSORS")), small_network())

    @pytest.mark.parametrize("wrapper", ["state_dict", "model", "model_state_dict"])
    def test_a_training_checkpoint_is_unwrapped(self, tmp_path: Path, wrapper: str) -> None:
        checkpoint = {"epoch": 3, wrapper: small_network().state_dict(), "optimizer": {"lr": 0.1}}
        assert same(read_weights(saved(tmp_path / "w.pth", checkpoint)), small_network())

    @pytest.mark.parametrize("prefix", ["module.", "model.", "backbone.", "module.model."])
    @pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
    def test_a_prefix_of_all_names_is_dropped(self, tmp_path: Path, name: str, prefix: str) -> None:
        state = {prefix + key: tensor for key, tensor in small_network().state_dict().items()}
        assert same(read_weights(saved(tmp_path / name, state)), small_network())

    def test_a_prefix_of_some_names_is_part_of_the_name(self, tmp_path: Path) -> None:
        state = {"model.a": torch.ones(2), "head.b": torch.ones(3)}
        assert read_weights(saved(tmp_path / "w.pth", state)).tensors.keys() == state.keys()


class _RunsCode:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


class TestRefusals:
    @pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
    def test_a_missing_file(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(WeightsError, match=r"cannot be read .* that exists"):
            read_weights(tmp_path / name)

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(WeightsError, match="cannot be read"):
            read_weights(tmp_path)

    @pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
    def test_an_empty_file(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).touch()
        with pytest.raises(WeightsError, match=r"damaged .* Copy it again"):
            read_weights(tmp_path / name)

    @pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
    @pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.9, 0.999])
    def test_a_file_that_was_cut_off(self, tmp_path: Path, name: str, share: float) -> None:
        whole = saved(tmp_path / name, small_network().state_dict()).read_bytes()
        (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(WeightsError, match="damaged"):
            read_weights(tmp_path / name)

    @pytest.mark.parametrize("new", [True, False])
    def test_code_in_a_pickle_never_runs(self, tmp_path: Path, new: bool) -> None:
        path, trace = tmp_path / "w.pth", tmp_path / "it-ran"
        torch.save({"a": _RunsCode(trace)}, path, _use_new_zipfile_serialization=new)
        with pytest.raises(WeightsError, match="not a plain state dict"):
            read_weights(path)
        path.write_bytes(pickle.dumps(_RunsCode(trace), protocol=2))
        with pytest.raises(WeightsError, match="not a plain state dict"):
            read_weights(path)
        assert not trace.exists()

    def test_a_whole_model_instead_of_its_state(self, tmp_path: Path) -> None:
        with pytest.raises(WeightsError, match=r"save the model's state_dict\(\)"):
            read_weights(saved(tmp_path / "w.pth", small_network()))

    @pytest.mark.parametrize("found", [{}, {"epoch": 3}, [torch.ones(2)], {"state_dict": {}}])
    def test_a_file_without_named_tensors(self, tmp_path: Path, found: object) -> None:
        with pytest.raises(WeightsError, match="holds no tensors"):
            read_weights(saved(tmp_path / "w.pth", found))

    @settings(max_examples=150, deadline=None)
    @given(seed=st.integers(0, 10**9), kind=st.sampled_from(["new", "old", "safetensors", "any"]))
    def test_damaged_bytes_are_never_more_than_damaged(
        self, tmp_path_factory: pytest.TempPathFactory, seed: int, kind: str
    ) -> None:
        chance = random.Random(seed)
        folder = tmp_path_factory.getbasetemp()
        path = folder / ("damaged.safetensors" if kind == "safetensors" else "damaged.pth")
        if kind == "any":
            content = bytearray(chance.randbytes(chance.randrange(200)))
        else:
            state = small_network().state_dict()
            if kind == "safetensors":
                safetensors.torch.save_file(state, path)
            else:
                torch.save(state, path, _use_new_zipfile_serialization=kind == "new")
            content = bytearray(path.read_bytes())
            for _ in range(chance.randrange(1, 6)):
                content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch wonders aloud about pickle protocols
            try:
                found = read_weights(path)
            except WeightsError:
                return
        assert found.tensors


class TestFingerprint:
    def test_it_tells_names_shapes_types_and_values_apart(self) -> None:
        base = torch.arange(6, dtype=torch.float32)
        states = [
            {"a": base},
            {"b": base},
            {"a": base.reshape(2, 3)},
            {"a": base.half()},
            {"a": base + 1},
            {"a": base, "b": torch.tensor(1)},
            {},
        ]
        assert len({fingerprint(state) for state in states}) == len(states)

    def test_order_and_memory_layout_play_no_part(self) -> None:
        first = {"a": torch.ones(2, 3), "b": torch.arange(6.0).reshape(2, 3)}
        second = {"b": torch.arange(6.0).reshape(2, 3).T.contiguous().T, "a": torch.ones(2, 3)}
        assert fingerprint(first) == fingerprint(second)


class TestFitting:
    def weights(self, network: nn.Module) -> Weights:
        return Weights(network.state_dict(), "w.pth", "0" * 64)

    def test_what_lies_behind_the_layers_asked_for_is_left_out(self) -> None:
        whole = small_network()
        fitted = fitted_to(whole[:2], self.weights(whole), backbone="small")
        assert fitted.keys() == {
            "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var"
        }  # fmt: skip

    def test_a_missing_part_is_named(self) -> None:
        with pytest.raises(WeightsError, match=r"lacks '2.weight' \(5, 4, 1, 1\).*belong to small"):
            fitted_to(small_network(), self.weights(small_network()[:2]), backbone="small")

    def test_another_shape_is_named(self) -> None:
        other = nn.Sequential(nn.Conv2d(3, 4, 5), nn.BatchNorm2d(4), nn.Conv2d(4, 5, 1))
        with pytest.raises(WeightsError, match=r"has \(4, 3, 5, 5\) for '0.weight' \(4, 3, 3, 3\)"):
            fitted_to(small_network(), self.weights(other), backbone="small")

    def test_names_nobody_knows_are_not_taken_in_order(self) -> None:
        strange = {f"x{name}": tensor for name, tensor in small_network().state_dict().items()}
        with pytest.raises(WeightsError, match="lacks"):
            fitted_to(small_network(), Weights(strange, "w.pth", ""), backbone="small")
