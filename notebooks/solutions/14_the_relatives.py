"""Solutions of 14, and mistakes that its checks must name."""

from minicvt.models import variant
from minicvt.models.costs import costs


def without_shortcut(weight):
    """The shortcut is a kernel that is 1 at its centre and 0 elsewhere."""
    kernel = weight.copy()
    kernel[:, :, 1, 1] += 1
    return kernel


def reduced_attention(places, channels, R):
    """q and output at all places; the reduction at N / R^2 places of R^2 C^2 each."""
    keys = places // R**2
    linear = 2 * places * channels**2 + 2 * keys * channels**2
    reduction = places * channels**2
    return linear + reduction + 2 * places * keys * channels


def cheapest(name, changes):
    """Count each."""
    counted = [costs(variant(name, **change)).total.macs for change in changes]
    return counted.index(min(counted))


def everywhere(weight):
    """Add the shortcut to every tap."""
    return weight + 1


def without_the_reduction(places, channels, R):
    """Forget that the convolution that makes the keys has a price."""
    keys = places // R**2
    return 2 * (places + keys) * channels**2 + 2 * places * keys * channels


def fewest_parameters(name, changes):
    """Count the wrong currency."""
    counted = [costs(variant(name, **change)).total.parameters for change in changes]
    return counted.index(min(counted))


MISTAKES = {
    "without_shortcut": [(everywhere, "yours says")],
    "reduced_attention": [(without_the_reduction, "yours says 45760512")],
    "cheapest": [(fewest_parameters, "yours says")],
}
