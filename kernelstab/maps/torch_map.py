"""Reconstruction maps from torch modules: numpy in, numpy out, gradients by autograd."""

import numpy as np

from kernelstab._checks import as_array
from kernelstab._errors import require, users_code
from kernelstab.maps.base import Map, as_signal
from kernelstab.maps.network import ReLUNetwork
from kernelstab.operators import as_operator

_INPUTS = ("measurements", "adjoint-image")


class TorchMap(Map):
    r"""Use a torch module as a reconstruction map.

    The module sees a batch of one and is put in evaluation mode before every call: dropout and
    batch statistics would make it a different map each time. It is the caller's module and stays
    in evaluation mode; if it came in training mode, the ``repr`` says so.

    Parameters
    ----------
    module : torch.nn.Module
        Takes the input described next, returns ``N`` numbers, flat or as an image; if the operator is
        complex, also ``2 N`` real ones with real and imaginary part as first axis, ``(1, 2, ...)``, or as
        last one, ``(1, ..., 2)``. Where both readings fit, and in any other order, they are refused.
    A : operator or ndarray, shape (m, N)
        Forward operator; fixes the shapes.
    input : {"measurements", "adjoint-image"}
        ``"measurements"``: ``y`` as a tensor ``(1, m)``, complex if ``A`` is complex.
        ``"adjoint-image"``: :math:`A^*y` as ``(1, 1, *image_shape)`` if ``A`` is real, and
        as ``(1, 2, *image_shape)``, real part first, if it is complex.
        Precision (single or double) and device are those of the module's first parameter;
        a module without parameters gets double precision on the processor.
    name : str, optional
        Default the name of the module's class.

    Attributes
    ----------
    precision : float
        Spacing of floats at 1 in the module's precision.
    about : str
        ``"(eval mode)"`` if the module came in training mode, else empty.

    Raises
    ------
    ValueError
        If an argument is not as above, the module raises anything, or its output has the wrong
        size or is not finite.
    ImportError
        If torch is not installed.

    Notes
    -----
    No file is ever read here: build the module and load its weights yourself, because
    opening a pickled module runs whatever code its author put there.

    Examples
    --------
    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> double = torch.nn.Linear(2, 2, bias=False)
    >>> double.weight.data = torch.tensor([[2.0, 0.0], [1.0, 2.0]])
    >>> psi = TorchMap(double, np.eye(2))
    >>> psi(np.array([1.0, 3.0])), psi.vjp(np.array([1.0, 3.0]), np.array([0.0, 1.0]))
    (array([2., 7.]), array([1., 2.]))
    """

    def __init__(self, module, A, *, input="measurements", name=None):
        torch = require("torch", extra="learn")
        if not isinstance(module, torch.nn.Module):
            what = f"the class {module.__name__}" if isinstance(module, type) else type(module).__name__
            raise ValueError(f"module must be a torch.nn.Module, got {what}")
        if input not in _INPUTS:
            raise ValueError(f"input must be one of {', '.join(_INPUTS)}, got {input!r}")
        first = next((p for p in module.parameters() if p.is_floating_point() or p.is_complex()),
                     torch.zeros(1, dtype=torch.float64))
        self.A, self.input = as_operator(A), input
        self.device, self.dtype = first.device, first.dtype.to_real()
        if self.dtype not in (torch.float32, torch.float64):
            raise ValueError(f"module must compute in single or double precision, got {self.dtype}; "
                             "convert it by module.float()")
        self.about = "(eval mode)" if any(part.training for part in module.modules()) else ""
        self.module = module.eval()
        self.name = name or type(module).__name__
        self.precision = float(torch.finfo(self.dtype).eps)

    def __call__(self, y):
        torch = require("torch", extra="learn")
        with torch.no_grad():
            return self._output(self._start(y)).cpu().numpy().astype(self.A.dtype)

    def __repr__(self):
        return f"<{type(self).__name__} {f'{self.name} {self.about}'.rstrip()}>"

    def vjp(self, y, u):
        r"""Return :math:`J(y)^*u` by reverse-mode differentiation.

        For complex data this is the ``g`` with
        :math:`\mathrm{Re}\langle u,J\,dy\rangle=\mathrm{Re}\langle g,dy\rangle`.
        """
        return self.pullback(y)[1](u)

    def pullback(self, y):
        r"""Return :math:`\Psi(y)` and the function ``u -> vjp(y, u)``, from one forward pass."""
        torch = require("torch", extra="learn")
        with torch.enable_grad():
            start = self._start(y).requires_grad_()
            output = self._output(start)

        def transposed(u):
            u = as_array(u, "u", shape=(self.A.shape[1],), real=self.A.is_real)
            weight = torch.as_tensor(u, device=self.device)
            gradient = None
            if output.requires_grad:
                with torch.enable_grad():
                    product = torch.sum((weight.conj() * output).real)
                with users_code(f"the gradient of module {self.name}"):
                    gradient, = torch.autograd.grad(product, start, retain_graph=True, allow_unused=True)
            if gradient is None:     # the module does not look at its input
                return np.zeros(self.A.shape[0], self.A.dtype)
            return self._to_measurements(gradient.cpu().numpy())

        return output.detach().cpu().numpy().astype(self.A.dtype), transposed

    def _start(self, y):
        """Return the tensor that the module receives."""
        torch = require("torch", extra="learn")
        y = as_array(y, "y", shape=self.A.shape[:1], real=self.A.is_real)
        if self.input == "measurements":
            return torch.as_tensor(y.astype(self.A.dtype)[None], device=self.device,
                                   dtype=self.dtype if self.A.is_real else self.dtype.to_complex())
        image = np.asarray(self.A.rmatvec(y)).reshape(1, *self.A.image_shape)
        channels = image if self.A.is_real else np.concatenate([image.real, image.imag])
        # a copy: layers that work in place must not reach arrays of the operator
        return torch.tensor(channels[None], dtype=self.dtype, device=self.device)

    def _output(self, start):
        """Apply the module; return ``N`` numbers in double precision, checked."""
        torch = require("torch", extra="learn")
        with users_code(f"module {self.name}"):
            output = self.module.eval()(start)
        if not isinstance(output, torch.Tensor):
            raise ValueError(f"module {self.name} must return one tensor, got {type(output).__name__}")
        numbers = {self.A.shape[1]} | (set() if self.A.is_real else {2 * self.A.shape[1]})
        if output.numel() not in numbers:
            raise ValueError(f"module {self.name} must return {min(numbers)} numbers, "
                             f"got shape {tuple(output.shape)}")
        if self.A.is_real and output.is_complex():
            raise ValueError(f"module {self.name} must return real numbers, got {output.dtype}")
        if not bool(torch.isfinite(output).all()):
            raise ValueError(f"module {self.name} returned nan or infinity")
        output = output.to(torch.complex128 if output.is_complex() else torch.float64)
        return as_signal(output, self.A, f"module {self.name} must return")

    def _to_measurements(self, gradient):
        """Turn the gradient at the module's input into one at the measurements."""
        if self.input == "measurements":
            return gradient[0].astype(self.A.dtype)
        image = gradient[0].astype(np.float64)
        flat = image.ravel() if self.A.is_real else (image[0] + 1j * image[1]).ravel()
        return np.asarray(self.A.matvec(flat))


def from_torch(module, A, *, input="measurements", name=None) -> ReLUNetwork:
    """Translate a plain torch network into one that can be certified.

    A :class:`TorchMap` is searched but never proved about; the network returned here is
    evaluated in numpy and carries its exact weights (see :class:`ReLUNetwork`).

    Parameters
    ----------
    module : torch.nn.Sequential
        Of ``Linear``, ``Conv2d`` (stride 1, zero padding that keeps the size, odd square
        kernel, one group), ``ReLU``, ``Flatten``, ``Identity`` and ``Dropout`` (which is the
        identity in evaluation mode), in float32 or float64.
    A : operator or ndarray, shape (m, N)
        Forward operator, real.
    input : {"measurements", "adjoint-image"}
        As for :class:`TorchMap`.
    name : str, optional

    Raises
    ------
    ValueError
        If a layer is none of these, naming it and its position, or the sizes do not fit.

    Examples
    --------
    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from_torch(torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU()), np.eye(3)[:2])
    <ReLUNetwork Sequential>
    """
    torch = require("torch", extra="learn")
    if not isinstance(module, torch.nn.Sequential):
        raise ValueError(f"module must be a torch.nn.Sequential, got {type(module).__name__}")
    if input not in _INPUTS:
        raise ValueError(f"input must be one of {', '.join(_INPUTS)}, got {input!r}")
    layers = [{"layer": "measurements" if input == "measurements" else "adjoint"}]
    for position, step in enumerate(module):
        layers += _translated(step, position)
    return ReLUNetwork(A, layers, name or type(module).__name__)


def _translated(step, position) -> list:
    """Return the layers that one torch layer stands for."""
    nn = require("torch", extra="learn").nn
    if isinstance(step, (nn.Identity, nn.Dropout, nn.Flatten)):
        return []
    if isinstance(step, nn.ReLU):
        return [{"layer": "relu"}]
    if isinstance(step, nn.Linear):
        return [{"layer": "dense"} | _arrays(step)]
    if isinstance(step, nn.Conv2d):
        k = step.kernel_size[0]
        plain = (step.kernel_size == (k, k) and k % 2 == 1 and step.padding in ((k // 2, k // 2), "same")
                 and step.stride == (1, 1) and step.dilation == (1, 1) and step.groups == 1
                 and step.padding_mode == "zeros")
        if plain:
            return [{"layer": "conv"} | _arrays(step)]
    raise ValueError(f"module has a layer that cannot be translated at position {position}: {step}")


def _arrays(step) -> dict:
    weight = step.weight.detach().cpu().numpy().copy()
    if step.bias is None:
        return {"weight": weight, "bias": np.zeros(len(weight), weight.dtype)}
    bias = step.bias.detach().cpu().numpy().copy()
    return {"weight": weight, "bias": bias}
