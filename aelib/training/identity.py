"""Whether one training is the very same as another: all that can change its result, as one text.

Only what is read in full can be told to be the same. That are networks and loss functions made of
what stands in aelib's files or is PyTorch's own, down to every function that they call and every
value that they read. Of everything else nothing is known: a function of a notebook's cell can
change with a name that it looks up, a hook with a list elsewhere.
"""

import builtins
import collections
import contextlib
import functools
import hashlib
import platform
import sys
import types
import warnings
from pathlib import PurePath

import torch
from torch import nn

from aelib.training.surroundings import (
    MOVING,
    PACKAGE,
    PLAIN,
    TRUSTED,
    WITHOUT_EFFECT,
    CannotTellError,
    called,
    cells_of,
    digest,
    surroundings,
    torch_code,
)

#: What IPython puts among the built-in names.
IPYTHON = ("display", "get_ipython")


def identity(model, loss_function, training_data, validation, settings, train):
    """What tells this training by `train` from every other, as a short text.

    Raises:
        CannotTellError: see there.
    """
    if _source() != SOURCE:
        raise CannotTellError("files of aelib have changed since they were imported")
    walk = _Walk()
    walk.put(SOURCE, torch.__version__, platform.python_version())
    walk.put(*surroundings(next(model.parameters()).device), *torch_code())
    for part in (model, loss_function, (*training_data,), (*validation,), settings, train):
        walk(part)
    walk.refuse_shared_weights(model)
    walk.refuse_hidden_layers(model, loss_function)
    return walk.hashed.hexdigest()[:32]


def likeness(*parts):
    """As much of an identity as can be told of anything, as a short text."""
    walk = _Walk(strict=False)
    for part in parts:
        walk(part)
    return walk.hashed.hexdigest()[:32]


class _Walk:
    """Hashes values, and everything that they are made of, once each."""

    def __init__(self, strict=True):
        self.strict = strict
        self.hashed = hashlib.sha256()
        self.seen = {}
        self.tensors = []

    def put(self, *parts):
        for part in parts:
            text = repr(part).encode()
            self.hashed.update(b"%d:" % len(text) + text)

    def fail(self, reason):
        if self.strict:
            raise CannotTellError(reason)

    def __call__(self, value):
        kind = type(value)
        if kind in PLAIN:
            return self.put(kind.__name__, value)
        if isinstance(value, PurePath):
            return self.put("path", str(value))
        if id(value) in self.seen:
            return self.put("again", self.seen[id(value)][0])
        self.seen[id(value)] = len(self.seen), value  # Kept, so that its id stays its own.
        self.put(kind.__qualname__)
        if kind in (list, tuple):
            self.put(len(value))
            for item in value:
                self(item)
        elif kind in (dict, collections.OrderedDict):
            self.put(len(value))
            for pair in value.items():
                self(pair)
        elif kind in (set, frozenset):
            self.put(sorted(map(repr, value)))
            if any(type(item) not in PLAIN for item in value):
                self.fail(f"{value} is a set of more than plain values")
        elif isinstance(value, torch.Tensor):
            self.tensor(value)
        elif isinstance(value, nn.Module):
            self.module(value)
        elif kind is functools.partial:
            self((value.func, value.args, value.keywords, vars(value)))
        elif kind in (staticmethod, classmethod):
            self(value.__func__)
        elif kind is property:
            self((value.fget, value.fset, value.fdel))
        elif value is identity or value is likeness:
            self.put(value.__qualname__)  # What looks at all this is no part of it.
        elif isinstance(value, types.FunctionType):
            self.function(value)
        elif isinstance(value, type):
            self.kind(value)
        elif isinstance(value, types.ModuleType):
            self.put(value.__name__)
        elif isinstance(value, types.BuiltinFunctionType):
            self.put(value.__module__, value.__qualname__)
            if not isinstance(value.__self__, (types.ModuleType, type, type(None))):
                self.fail(f"{value.__qualname__} belongs to something that may change")
        else:
            self.fail(f"a {kind.__qualname__} may hold anything")

    def tensor(self, value):
        hooks = value._backward_hooks or getattr(value, "_post_accumulate_grad_hooks", None)
        plain = type(value) in (torch.Tensor, nn.Parameter) and value.layout == torch.strided
        if hooks or vars(value) or value.grad_fn or not plain or value.is_conj() or value.is_neg():
            self.fail("a tensor has hooks, a history or attributes, or is of a special kind")
            return self.put(tuple(value.shape))
        self.tensors.append(value)
        self.put(value.dtype, value.device, value.shape, value.stride(), value.requires_grad)
        data = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        self.hashed.update(data.numpy())

    def refuse_shared_weights(self, model):
        own = {id(tensor) for tensor in (*model.parameters(), *model.buffers())}
        places = [tensor.untyped_storage().data_ptr() for tensor in self.tensors if tensor.numel()]
        for tensor in self.tensors:
            storage = tensor.untyped_storage()
            whole = tensor.numel() * tensor.element_size() == storage.nbytes()
            alone = whole and places.count(storage.data_ptr()) == 1
            if id(tensor) in own and tensor.numel() and not alone:
                self.fail("weights share their memory with others")

    def refuse_hidden_layers(self, *known):
        """Layers that are not saved with the model may come out of a training as others."""
        layers = {id(value) for _, value in self.seen.values() if isinstance(value, nn.Module)}
        for one in known:
            if isinstance(one, nn.Module):
                layers -= {id(layer) for layer in one.modules()}
        if layers:
            self.fail("a layer is kept where PyTorch does not see it")

    def module(self, value):
        self(type(value))
        if not type(value).__module__.startswith(("torch.nn.modules.", "aelib.")):
            self.fail(f"{type(value).__qualname__} is not one of torch.nn's modules")
        if value._non_persistent_buffers_set:
            self.fail("a buffer is not saved with the weights")
        for name, item in vars(value).items():
            self.put(name)
            if item and ("hook" in name or name == "_compiled_call_impl"):
                self.fail("a module has hooks, or is compiled")
            elif name in ("_parameters", "_buffers") and not self.strict:
                # Its first weights do not matter to a training that goes on.
                self.put(*[(one, None if w is None else w.shape) for one, w in item.items()])
            else:
                self(item)

    def kind(self, value):
        """A class."""
        root = self.origin(value)
        if type(value) is not type and root == "aelib":
            self.fail(f"{value.__qualname__} is made by a class of classes")
        if root in ("aelib", None):
            self(value.__bases__)
            for name, item in vars(value).items():
                if name not in WITHOUT_EFFECT:
                    self.put(name)
                    self(item)

    def function(self, value):
        code, root = value.__code__, self.origin(value)
        if root == "torch" and code.co_filename.startswith(TRUSTED):
            return self.put(called(value))
        at_home = root != "aelib" or value.__globals__ is vars(sys.modules[value.__module__])
        # A function that a decorator of the standard library made lives there.
        if not at_home and not hasattr(value, "__wrapped__"):
            self.fail(f"{value.__qualname__} has a namespace of its own")
        if not code.co_filename.startswith(TRUSTED):
            self.fail(f"{value.__qualname__} stands in {code.co_filename}")
        self.put(digest(code))
        cells = cells_of(value)
        if not self.strict:  # What such a function counts or collects does not make it another.
            cells = [cell for cell in cells if not isinstance(cell, (list, dict, set))]
        self((value.__defaults__, value.__kwdefaults__, vars(value), cells))
        if root != "aelib" and code.co_filename.startswith(TRUSTED):
            return
        names = sorted(_names(code))
        for name in names:
            self.put(name)
            if name in value.__globals__:
                self.outer(value.__globals__[name], names)
            elif name in vars(builtins) and not name.startswith("__") and name not in IPYTHON:
                self.outer(getattr(builtins, name), ())

    def outer(self, value, names):
        """A global value of a function in whose code these names occur."""
        if not isinstance(value, types.ModuleType):
            if self.strict or not isinstance(value, (list, dict, set)):
                self(value)
            return
        self.put(value.__name__)
        for name in names:
            with warnings.catch_warnings():  # Some names are there only to warn of.
                warnings.simplefilter("ignore")
                item = getattr(value, name, None)
            if (id(value), name) in self.seen or item is None or name in MOVING:
                continue
            self.seen[id(value), name] = len(self.seen), value
            if isinstance(item, (types.ModuleType, types.FunctionType, type)):
                self.put(name)
                self.outer(item, names)
            elif callable(item) or type(item) in PLAIN:
                self.put(name, getattr(item, "__qualname__", item))

    def origin(self, value):
        """The package of a class or function, where it can be found there under its name."""
        self.put(value.__module__, value.__qualname__)
        root = str(value.__module__).partition(".")[0]
        found = sys.modules.get(value.__module__)
        for name in value.__qualname__.split("."):
            if name == "<locals>":
                break
            found = getattr(found, name, None)
        else:
            # Some functions PyTorch itself changes while it runs.
            moving = root == "builtins" or (root == "torch" and not isinstance(value, type))
            if found is not value and not moving and not _below(found, value):
                self.fail(f"{value.__module__}.{value.__qualname__} is another by now")
        library = sys.modules.get(root)
        file = getattr(library, "__file__", None) or ""
        if root != "aelib" and file and not file.startswith(TRUSTED):
            root = None
        if root in (None, "None", "__main__"):
            self.fail(f"{value.__qualname__} is defined in {value.__module__}")
            return None
        return root


def _below(found, value):
    """Whether a function is that below what is found under its name: a decorator's, a property."""
    below = ("__wrapped__", "__func__", "fget")
    return any(getattr(found, name, None) is value for name in below)


def _names(code):
    nested = [const for const in code.co_consts if isinstance(const, types.CodeType)]
    return set(code.co_names).union(*map(_names, nested))


def _source():
    """A short text for all code in aelib's files."""
    files = sorted(PACKAGE.rglob("*.py"))
    content = [(str(file.relative_to(PACKAGE)), file.read_bytes()) for file in files]
    return hashlib.sha256(repr(content).encode()).hexdigest()


SOURCE = _source()
_told = {SOURCE}


def say_if_changed():
    """Say, once for each change, that aelib's files are not what runs here any more."""
    with contextlib.suppress(OSError):  # A file that an editor is just replacing.
        source = _source()
        if source not in _told:
            _told.add(source)
            print(
                "aelib's files have changed since they were imported: restart the kernel to run "
                "the new ones."
            )
