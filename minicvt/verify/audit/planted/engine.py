"""Bugs in the engine itself: the tape, the walk back, and what Tensors promise."""

from __future__ import annotations

from minicvt.verify.audit.planted.planting import plant

TENSOR = plant(
    "tensor",
    {
        "Tensor.backward": [
            (
                "retain_graph means the opposite",
                "if not retain_graph",
                "if retain_graph",
            ),
            ("the graph is never freed", "if not retain_graph:", "if False:"),
            (
                "refused after some gradients have changed",
                "tensor.node.check()",
                "tensor.node.check() if tensor is self else None",
            ),
            (
                "a graph without leaves to learn is walked",
                "if not self.requires_grad:",
                "if False:",
            ),
        ],
        "Tensor._accumulate": [
            (
                "a second backward overwrites",
                "gradient if self.grad is None else self.grad + gradient",
                "gradient",
            ),
            (
                "gradients may be written to",
                "self.grad.flags.writeable = False",
                "pass",
            ),
        ],
        "Tensor._hold": [
            ("outputs may be written to", "array.flags.writeable = False", "pass"),
            (
                "any dtype is taken",
                "array.dtype not in FLOATS",
                "array.dtype.kind != 'f'",
            ),
        ],
        "Tensor.__init__": [
            (
                "the caller's array is kept, not copied",
                "np.array(_unwrapped(data))",
                "np.asarray(_unwrapped(data))",
            ),
        ],
        "Tensor.detach": [("detach changes nothing", "Tensor.wrap(self.data)", "self")],
        "Tensor.outline": [
            (
                "freed too early: values that somebody holds",
                "return self._outline",
                "self.data = self._outline.data; return self._outline",
            ),
            (
                "every use is taken for another result",
                "if self._outline is None:",
                "if True:",
            ),
        ],
        "Tensor.__rsub__": [("operands exchanged", "other, self)", "self, other)")],
        "Tensor.__rmatmul__": [("operands exchanged", "other, self)", "self, other)")],
        "_seed": [
            (
                "the seed is always float64",
                "tensor.shape, tensor.dtype",
                "tensor.shape",
            ),
            ("the cotangent keeps its dtype", "seed.astype(tensor.dtype)", "seed"),
            (
                "the caller's cotangent is kept",
                "np.array(_unwrapped",
                "np.asarray(_unwrapped",
            ),
            (
                "a cotangent of another shape",
                "seed.shape != tensor.shape",
                "seed.size != tensor.size",
            ),
        ],
        "no_grad": [("no_grad never ends", "_recording.reset(token)", "pass")],
        "is_recording": [("no_grad does nothing", "_recording.get()", "True")],
    },
)

NODE = plant(
    "node",
    {
        "tape_order": [
            (
                "depth first, each before its inputs",
                "stack.append((tensor, True))",
                "order.insert(0, tensor)",
            ),
        ],
        "Node.differentiable": [
            (
                "what asks for no gradient gets one",
                "tensor is not None and tensor.requires_grad",
                "tensor is not None",
            ),
            (
                "an input left out shifts the others",
                "enumerate(self.inputs)",
                "enumerate(t for t in self.inputs if t is not None)",
            ),
        ],
        "Node.check": [
            (
                "writes are not noticed",
                "now != self.versions",
                "now < self.versions",
            ),
            ("a freed graph is not noticed", "if self.pullback is None:", "if False:"),
        ],
        "Node.release": [("the pullback is kept", "self.pullback = None", "pass")],
        "shares": [
            ("every input gets the first's", "parts[position]", "parts[0]"),
            (
                "thunks of unneeded inputs run too",
                "parts = node.pullback(*given)",
                "parts = [p() if callable(p) else p for p in node.pullback(*given)]",
            ),
            (
                "broadcasting is not undone",
                "unbroadcast(part() if callable(part) else part, source.shape)",
                "part() if callable(part) else part",
            ),
        ],
        "Arrived.add": [
            ("fan-out overwritten, not added up", "self._joined(tensor, part)", "part"),
            (
                "fan-out keeps the first share",
                "self._sums[tensor] = self._joined(tensor, part)",
                "pass",
            ),
        ],
        "Arrived.pull": [
            (
                "what a pullback joins is added once more",
                "given.append(self.take(first))",
                "given.append(self._sums[first])",
            ),
            (
                "what a pullback should join is lost",
                "given.append(self.take(first))",
                "self.take(first)",
            ),
        ],
        "Arrived._joined": [
            (
                "fan-out added in place, into what two may share",
                "total if tensor in self._ours else None",
                "total if total.flags.writeable else None",
            ),
            (
                "a piece written into what two may share",
                "total if tensor in self._ours else total.copy()",
                "total",
            ),
        ],
        "unbroadcast": [
            ("the mean, not the sum", "gradient.sum(axis", "gradient.mean(axis"),
            ("leading axes are not counted", "lead + i for", "i for"),
            (
                "the first row only",
                "gradient.sum(axis=(*range(lead), *stretched), dtype=np.float64)",
                "gradient.reshape(-1)[: int(np.prod(shape))]",
            ),
            ("sums of many rows in float32", ", dtype=np.float64", ""),
            (
                "float64 comes out",
                "total.astype(gradient.dtype).reshape",
                "total.reshape",
            ),
        ],
    },
)

OPERATION = plant(
    "ops.operation",
    {
        "_record": [
            ("results in between are kept", "t if t is None else t.outline()", "t"),
            (
                "recorded where all inputs learn",
                "if True in [t",
                "if False not in [t",
            ),
            (
                "versions are those of fresh tensors",
                "versions(tensors)",
                "(0,) * len(tensors)",
            ),
            (
                "the result does not ask for a gradient",
                "result.requires_grad = True",
                "pass",
            ),
        ],
        "_as_tensor": [
            ("numbers are float64", "np.array(value, dtype)", "np.array(float(value))")
        ],
    },
)

CALLS = plant(
    "ops.calls",
    {
        "_owned": [("the caller's arrays are kept", "option.copy()", "option")],
    },
)

KNOWN = plant(
    "ops.known",
    {
        "recall": [
            ("for other arrays", "all(map(is_, one.arrays, arrays))", "True"),
            ("for other options", "one.options == options", "True"),
            ("for another operation", "one.name == name", "True"),
        ],
        "known.__exit__": [("answers stay known", "_known.reset(self._token)", "pass")],
    },
)

BUGS = [*TENSOR, *NODE, *OPERATION, *CALLS, *KNOWN]
