"""What a training computes by besides its arguments: PyTorch's code and its settings."""

import functools
import hashlib
import os
import platform
import sys
import sysconfig
import types
from pathlib import Path

import torch
import tqdm
from torch.nn.modules import module as torch_module
from torch.optim import optimizer as torch_optimizer

PACKAGE = Path(__file__).resolve().parent.parent
#: Where the code lies that may be trusted to do what its name says.
LIBRARIES = [Path(library.__file__).resolve().parent.parent for library in (torch, tqdm)]
STANDARD = Path(sysconfig.get_path("stdlib")).resolve()
TRUSTED = tuple(str(folder) + os.sep for folder in (PACKAGE, STANDARD, *LIBRARIES))
TRUSTED += ("<frozen ",)  # Some of Python's own modules come without a file.
PLAIN = (bool, int, float, complex, str, bytes, torch.dtype, torch.device, torch.Size)
PLAIN += (torch.memory_format, torch.layout, type(None), type(...))
#: Variables by which the libraries below PyTorch choose their arithmetic.
ENVIRONMENT = ("ATEN_", "CUBLAS_", "DNNL_", "MKL_", "NVIDIA_", "ONEDNN_", "TORCH_")
#: What PyTorch makes of an optimizer's `step` when it is first used, and of this function: neither
#: is another by it.
HOOKED = "Optimizer.profile_hook_step.<locals>.wrapper"
MOVING = ("manual_seed",)
#: Settings of `torch.backends`.
FLAGS = ("mkldnn.enabled", "mkldnn.deterministic", "mkldnn.allow_tf32", "fp32_precision")
FLAGS += ("mkldnn.fp32_precision", "mkldnn.conv.fp32_precision", "mkldnn.matmul.fp32_precision")
FLAGS += ("cudnn.enabled", "cudnn.benchmark", "cudnn.deterministic", "cudnn.allow_tf32")
FLAGS += ("cuda.matmul.allow_tf32", "cuda.matmul.allow_fp16_reduced_precision_reduction")
#: For what PyTorch itself replaces functions of its core.
OVERRIDES = (
    "Meta",
    "CUDA",
    "PythonTLSSnapshot",
    "FuncTorchDynamicLayerFrontMode",
    "FuncTorchBatched",
)
#: Attributes of a class that say nothing about what it does.
WITHOUT_EFFECT = ("__doc__", "__dict__", "__weakref__", "__annotations__", "__firstlineno__")


class CannotTellError(Exception):
    """Something takes part in a training that can change without being seen."""


_digests = {}


def digest(code):
    """A short text for what the code of a function does, wherever it stands."""
    if id(code) not in _digests:
        parts = [getattr(code, name) for name in dir(code) if name in _CODE]
        for const in code.co_consts:
            if isinstance(const, types.CodeType):
                parts.append(digest(const))
            else:
                parts.append(sorted(map(repr, const)) if type(const) is frozenset else const)
        text = hashlib.sha256(repr(parts).encode()).hexdigest()
        _digests[id(code)] = text, code  # Kept, so that its id stays its own.
    return _digests[id(code)][0]


_CODE = ("co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_flags")
_CODE += ("co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_exceptiontable")


def surroundings(device):
    """What PyTorch computes by besides its arguments.

    Raises:
        CannotTellError: something looks at every function or layer that is called.
    """
    hooks = [
        value
        for module in (torch_module, torch_optimizer)
        for name, value in vars(module).items()
        if name.startswith("_global_") and "hooks" in name and value
    ]
    modes = torch._C._len_torch_function_stack() + torch._C._len_torch_dispatch_stack()
    saved = torch._C._autograd._top_saved_tensors_default_hooks(True)
    autocast = any(torch.is_autocast_enabled(kind) for kind in {"cpu", device.type})
    if hooks or modes or saved or autocast or not torch.is_grad_enabled():
        raise CannotTellError("global hooks, modes or autocast are at work")
    if torch.distributed.is_initialized():
        raise CannotTellError("other processes take part")
    overrides = sorted(name for name in torch.library._impls if name.startswith("aten/"))
    overrides = [name.rpartition("/") for name in overrides if not name.endswith("/Meta")]
    if {kind for *_, kind in overrides} - set(OVERRIDES):
        raise CannotTellError("functions of PyTorch's core are replaced")
    random = [torch.get_rng_state()]
    if device.type in ("cuda", "mps"):
        random.append(getattr(torch, device.type).get_rng_state())
    return [
        overrides,
        [_flag(name) for name in FLAGS],
        [hashlib.sha256(state.numpy()).hexdigest() for state in random],
        sorted((k, v) for k, v in os.environ.items() if k.startswith(ENVIRONMENT)),
        platform.machine(),
        torch.backends.cpu.get_cpu_capability(),
        device.type == "cuda" and torch.cuda.get_device_name(device),
        torch.get_num_threads(),
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.get_float32_matmul_precision(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.utils.deterministic.fill_uninitialized_memory,
        torch._C._get_nnpack_enabled(),
        (torch.full((1,), 1e-38) * 1e-2).item(),  # 0, where such small numbers are flushed.
    ]


def _flag(name):
    """What is set in `torch.backends`; older versions lack some."""
    return functools.reduce(
        lambda holder, part: getattr(holder, part, None), name.split("."), torch.backends
    )


def torch_code():
    """What stands behind the names of PyTorch by which networks are trained."""
    found = []
    for name in sorted(sys.modules):
        if name in _TORCH or name.startswith(("torch.nn.modules.", "torch.optim.")):
            found += _names_of(sys.modules[name], name)
    for holder in (torch.Tensor, torch._C._nn):
        found += _names_of(holder, holder.__name__)
    return [hashlib.sha256(repr(found).encode()).hexdigest()]


_TORCH = ("torch", "torch.functional", "torch.nn", "torch.nn.functional", "torch.nn.parameter")
_TORCH += ("torch._tensor", "torch.autograd", "torch.autograd.function", "torch.optim")


def _names_of(holder, module, above=()):
    """What the names of a module or class stand for, as far as it can be called."""
    found = []
    for name, value in sorted(vars(holder).items()):
        if isinstance(value, type) and value.__module__ == module and value not in above:
            found.append((name, value.__bases__, _names_of(value, module, (*above, value))))
        elif name in MOVING:
            continue
        elif callable(value) or isinstance(value, (staticmethod, classmethod, property)):
            found.append((name, called(value)))
        elif isinstance(holder, type) and type(value) in PLAIN and name not in WITHOUT_EFFECT:
            found.append((name, value))
    return found


def called(value, depth=4):
    """A short text for what is called by a function, a method or a property."""
    if isinstance(value, property):
        return [called(part) for part in (value.fget, value.fset)]
    value = getattr(value, "__func__", value)
    code = getattr(value, "__code__", None)
    if code and code.co_qualname == HOOKED and code.co_filename == torch_optimizer.__file__:
        value = value.__wrapped__
    if not isinstance(value, types.FunctionType) or depth == 0:
        kind = value if isinstance(value, type) else type(value)
        root = kind.__module__.partition(".")[0]
        file = getattr(sys.modules.get(kind.__module__), "__file__", None) or ""
        known = file.startswith(TRUSTED) or root in ("torch", *sys.builtin_module_names)
        if not known or type(value) is functools.partial:
            raise CannotTellError(f"PyTorch calls a {kind.__qualname__}")
        return kind.__module__, kind.__qualname__, getattr(value, "__qualname__", None)
    generated = code.co_filename == "<string>" and value.__name__.startswith("__")  # Named tuples.
    if not generated and not code.co_filename.startswith(TRUSTED):
        raise CannotTellError(f"PyTorch calls {value.__qualname__} of {code.co_filename}")
    values = [*cells_of(value), *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
    below = [called(one, depth - 1) for one in values if isinstance(one, types.FunctionType)]
    return digest(value.__code__), below, [one for one in values if type(one) in PLAIN]


def cells_of(function):
    """The values that a function has from around it; a cell can be empty for a while."""
    cells = [cell for cell in function.__closure__ or () if cell != types.CellType()]
    return [cell.cell_contents for cell in cells]
