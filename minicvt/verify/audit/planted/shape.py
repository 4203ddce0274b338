"""Bugs in the pullbacks of what moves elements, and of sums over axes."""

from __future__ import annotations

from minicvt.verify.audit.planted.planting import plant

MOVES = plant(
    "ops.shape",
    {
        "reshape": [
            ("in the other order", "d.reshape(before)", "d.reshape(before, order='F')"),
            (
                "from the end",
                "d.reshape(before)",
                "d.reshape(-1)[::-1].reshape(before)",
            ),
            ("cotangent ignored", "d.reshape(before)", "np.ones(before, d.dtype)"),
        ],
        "transpose": [
            ("turned on, not back", "d.transpose(back)", "d.transpose(axes)"),
            ("reshaped, not turned", "d.transpose(back)", "d.reshape(x.shape)"),
            ("all axes reversed", "d.transpose(back)", "d.T.reshape(x.shape)"),
            ("cotangent ignored", "d.transpose(back)", "np.ones_like(x)"),
        ],
        "getitem": [
            (
                "cotangent ignored",
                "Piece(before, index, d)",
                "Piece(before, index, np.ones_like(d))",
            ),
            (
                "from the other end",
                "Piece(before, index, d)",
                "(lambda: Piece(before, index, d)()[::-1])",
            ),
        ],
        "Piece.__call__": [
            (
                "not from zero",
                "np.zeros(self.shape, self.values.dtype)",
                "np.ones(self.shape, self.values.dtype)",
            ),
        ],
        "Piece.add_to": [
            (
                "overwritten, not added up",
                "np.add.at(total, self.index, self.values)",
                "total[self.index] = self.values",
            ),
            (
                "added up once",
                "np.add.at(total, self.index, self.values)",
                "total[self.index] += self.values",
            ),
            (
                "taken for a copy",
                "total[self.index] += self.values",
                "total[...] += self.values.flat[0]",
            ),
        ],
        "concatenate": [
            (
                "the parts in reverse",
                "tuple([d[cut] for cut in cuts])",
                "tuple([d[cut] for cut in cuts][::-1])",
            ),
            (
                "sizes for places",
                "slice(*pair)",
                "slice(pair[1] - pair[0])",
            ),
            ("along the last axis", "(axis % joined.ndim)", "(joined.ndim - 1)"),
            (
                "cotangent ignored",
                "tuple([d[cut] for cut in cuts])",
                "tuple([np.ones_like(d[cut]) for cut in cuts])",
            ),
        ],
        "pad": [
            ("from the corner", "slice(before, before + n)", "slice(n)"),
            (
                "before and after exchanged",
                "(before, _) in both",
                "(_, before) in both",
            ),
            (
                "one too far",
                "slice(before, before + n)",
                "slice(before + 1, before + n)",
            ),
            ("cotangent ignored", "(d[inner],)", "(np.ones_like(d[inner]),)"),
        ],
        "broadcast_to": [
            ("the mean, not the sum", "(d,)", "(d * (x.size / max(d.size, 1)),)"),
            (
                "the first copy only",
                "(d,)",
                "(d * (np.arange(d.size) < x.size).reshape(d.shape),)",
            ),
            ("cotangent ignored", "(d,)", "(np.ones_like(d),)"),
        ],
    },
)

SUMS = plant(
    "ops.reductions",
    {
        "_spread": [
            (
                "repeated in memory's order",
                "np.broadcast_to(d.reshape(kept), x)",
                "np.resize(d, x)",
            ),
            (
                "to the first only",
                "np.broadcast_to(d.reshape(kept), x)",
                "np.eye(1, prod(x)).reshape(x) * d.flat[0]",
            ),
            ("cotangent ignored", "np.broadcast_to(d.reshape(kept), x)", "np.ones(x)"),
        ],
        "sum": [
            (
                "the mean's rule",
                "(_spread(d, shape, axis),)",
                "(_spread(d, shape, axis) * (max(d.size, 1) / prod(shape)),)",
            ),
            ("counted twice", "_spread(d, shape, axis)", "2 * _spread(d, shape, axis)"),
            (
                "one cotangent for all",
                "_spread(d, shape, axis)",
                "np.full(shape, d.mean())",
            ),
        ],
        "mean": [
            ("the count is forgotten", "d / count", "d"),
            ("multiplied by the count", "d / count", "d * count"),
            ("all elements counted", "prod(x.shape[a] for a in axes)", "x.size"),
            ("the first axis counted", "prod(x.shape[a] for a in axes)", "x.shape[0]"),
        ],
        "max": [
            (
                "every maximum gets all",
                "winners / winners.sum(",
                "winners * 1 + 0 * winners.sum(",
            ),
            ("cotangent ignored", "_spread(d, x.shape, axis) * shares", "shares"),
            ("to all but the largest", "x == top", "x != top"),
            ("shared among all", "(x == top)", "(x <= top)"),
            (
                "counted over all axes",
                "winners.sum(axis=_axes(x.shape, axis), keepdims=True)",
                "winners.sum()",
            ),
        ],
    },
)

BUGS = [*MOVES, *SUMS]
