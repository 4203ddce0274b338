"""A CvT in plain NumPy, without gradients, by channels first, as learners write it."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def conv(x, weight, bias=None, stride=1, padding=0):
    kernel = weight.shape[2:]
    around = [(0, 0), (0, 0), (padding, padding), (padding, padding)]
    windows = sliding_window_view(np.pad(x, around), kernel, (2, 3))
    windows = windows[:, :, ::stride, ::stride]
    each = weight.shape[1] == 1 and x.shape[1] > 1
    y = (
        np.einsum("bchwij,cij->bchw", windows, weight[:, 0])
        if each
        else np.einsum("bchwij,ocij->bohw", windows, weight)
    )
    return y if bias is None else y + bias[:, None, None]


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class CvT:
    def __init__(self, config):
        self.config = config

    def __call__(self, x):
        c, state = self.config, self.state
        for i, (_, stride, padding) in enumerate(c["embed"]):
            at = f"stage{i}.patch_embed."
            x = conv(
                x, state[at + "proj.weight"], state[at + "proj.bias"], stride, padding
            )
            size = x.shape[2:]
            tokens = self.norm(x.reshape(*x.shape[:2], -1).swapaxes(1, 2), at + "norm")
            if c["cls"][i]:
                cls = np.repeat(state[f"stage{i}.cls_token"], len(x), axis=0)
                tokens = np.concatenate([cls, tokens], axis=1)
            for j in range(c["depths"][i]):
                tokens = self.block(tokens, f"stage{i}.blocks.{j}.", size, i)
            cls, places = tokens[:, : c["cls"][i]], tokens[:, c["cls"][i] :]
            x = places.swapaxes(1, 2).reshape(len(x), -1, *size)
        return self.linear(self.norm(cls[:, 0], "norm"), "head")

    def linear(self, x, at):
        return x @ self.state[f"{at}.weight"].T + self.state[f"{at}.bias"]

    def norm(self, x, at):
        mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        y = (x - mean) / np.sqrt(var + 1e-5)
        return y * self.state[f"{at}.weight"] + self.state[f"{at}.bias"]

    def block(self, x, at, size, i):
        x = x + self.attention(self.norm(x, at + "norm1"), at + "attn.", size, i)
        hidden = self.curve(self.linear(self.norm(x, at + "norm2"), at + "mlp.fc1"))
        return x + self.linear(hidden, at + "mlp.fc2")

    def curve(self, x):
        return x / (1 + np.exp(-1.702 * x))

    def scale(self, dim, heads):
        return dim**-0.5

    def attention(self, x, at, size, i):
        heads, (batch, count, dim) = self.config["heads"][i], x.shape
        q, k, v = (self.project(x, at, letter, size, i) for letter in "qkv")
        q, k, v = (
            y.reshape(batch, -1, heads, dim // heads).swapaxes(1, 2) for y in (q, k, v)
        )
        weights = softmax(q @ k.swapaxes(2, 3) * self.scale(dim, heads))
        seen = (weights @ v).swapaxes(1, 2).reshape(batch, count, dim)
        return self.linear(seen, at + "proj")

    def project(self, x, at, letter, size, i):
        special = int(self.config["cls"][i])
        cls, places = x[:, :special], x[:, special:]
        token_map = places.swapaxes(1, 2).reshape(len(x), -1, *size)
        stride = 1 if letter == "q" else self.config["kv_stride"][i]
        name = f"{at}conv_proj_{letter}."
        y = conv(token_map, self.state[name + "conv.weight"], None, stride, 1)
        y = self.batch_norm(y.reshape(*y.shape[:2], -1).swapaxes(1, 2), name + "bn")
        return self.linear(
            np.concatenate([self.bypass(cls, name + "bn"), y], axis=1),
            f"{at}proj_{letter}",
        )

    def bypass(self, cls, bn):
        return cls

    training = False

    def batch_norm(self, x, at):
        mean, var = self.state[f"{at}.running_mean"], self.state[f"{at}.running_var"]
        if self.training:
            self.remember(x, at)
            mean, var = x.mean((0, 1)), x.var((0, 1))
        y = (x - mean) / np.sqrt(var + 1e-5)
        return y * self.state[f"{at}.weight"] + self.state[f"{at}.bias"]

    def remember(self, x, at, momentum=0.1):
        count = x.shape[0] * x.shape[1]
        batch = {"mean": x.mean((0, 1)), "var": x.var((0, 1)) * count / (count - 1)}
        for name, value in batch.items():
            old = self.state[f"{at}.running_{name}"]
            self.state[f"{at}.running_{name}"] = old + momentum * (value - old)


def build(config):
    return CvT(config)


def load(model, state):
    model.state = state


def run(model, images):
    return model(images)


def train(model):
    model.training = True


def state(model):
    return model.state
