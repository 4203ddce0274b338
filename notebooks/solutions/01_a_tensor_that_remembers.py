"""Solutions of 01, and mistakes that its checks must name."""


def sigmoid_pullback(d, y):
    """The slope is y (1 - y), and the cotangent is multiplied by it."""
    return d * y * (1 - y)


def undo_broadcast(d, rows):
    """The row reached every row of Y: that many roads, added up."""
    return d.sum(axis=0, keepdims=rows == 1)


def slope(made_from, root, leaf):
    """List each name after its inputs, then walk the list from its end."""
    order, met = [], set()

    def visit(name):
        if name not in met:
            met.add(name)
            for source, _ in made_from.get(name, []):
                visit(source)
            order.append(name)

    visit(root)
    gradient = dict.fromkeys(order, 0.0) | {root: 1.0}
    for name in reversed(order):
        for source, step in made_from.get(name, []):
            gradient[source] += gradient[name] * step
    return gradient[leaf]


def slope_alone(d, y):
    """Forget the cotangent."""
    return y * (1 - y)


def mean_of_rows(d, rows):
    """Take the mean of the roads, not the sum."""
    return d.mean(axis=0, keepdims=rows == 1)


def always_a_row(d, rows):
    """Lose the axis that b has."""
    return d.sum(axis=0)


def level_by_level(made_from, root, leaf):
    """Walk breadth first, as in section 3."""
    gradient, waiting, met = {root: 1.0}, [root], {root}
    for name in waiting:
        for source, step in made_from.get(name, []):
            gradient[source] = gradient.get(source, 0.0) + gradient[name] * step
            if source not in met:
                met.add(source)
                waiting.append(source)
    return gradient[leaf]


def one_road(made_from, root, leaf):
    """Follow the first road only."""
    product = 1.0
    while root != leaf:
        root, step = made_from[root][0]
        product *= step
    return product


MISTAKES = {
    "sigmoid_pullback": [(slope_alone, "yours says")],
    "undo_broadcast": [
        (mean_of_rows, "undo_broadcast(array (4, 3), None) is"),
        (always_a_row, "has shape (1, 3), yours (3,)"),
    ],
    "slope": [
        (level_by_level, "is 1.25, yours says 0.5"),
        (one_road, "is 1.25, yours says 1"),
    ],
}
