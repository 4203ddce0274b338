"""A CvT in PyTorch by the official names, as the official code has its parts."""

import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self, dim, heads, stride):
        super().__init__()
        self.heads, self.scale = heads, dim**-0.5
        for name in "qkv":
            source = nn.Sequential()
            conv = nn.Conv2d(
                dim, dim, 3, 1 if name == "q" else stride, 1, groups=dim, bias=False
            )
            source.add_module("conv", conv)
            source.add_module("bn", nn.BatchNorm2d(dim))
            self.add_module(f"conv_proj_{name}", source)
            self.add_module(f"proj_{name}", nn.Linear(dim, dim))
        self.proj = nn.Linear(dim, dim)

    def project(self, name, x, size, special):
        cls, places = x[:, :special], x[:, special:]
        token_map = places.transpose(1, 2).unflatten(2, size)
        y = self.get_submodule(f"conv_proj_{name}")(token_map)
        tokens = torch.cat([cls, y.flatten(2).transpose(1, 2)], 1)
        rows = self.get_submodule(f"proj_{name}")(tokens)
        return rows.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def forward(self, x, size, special):
        q, k, v = (self.project(name, x, size, special) for name in "qkv")
        weights = (self.scale * q @ k.transpose(2, 3)).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(dim, hidden), nn.Linear(hidden, dim)

    def forward(self, x):
        hidden = self.fc1(x)
        return self.fc2(hidden * torch.sigmoid(1.702 * hidden))


class Block(nn.Module):
    def __init__(self, dim, heads, ratio, stride):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = Attention(dim, heads, stride)
        self.mlp = Mlp(dim, int(dim * ratio))

    def forward(self, x, size, special):
        x = x + self.attn(self.norm1(x), size, special)
        return x + self.mlp(self.norm2(x))


class Embed(nn.Module):
    def __init__(self, before, dim, kernel, stride, padding):
        super().__init__()
        self.proj = nn.Conv2d(before, dim, kernel, stride, padding)
        self.norm = nn.LayerNorm(dim)

    def forward(self, x):
        y = self.proj(x)
        return self.norm(y.flatten(2).transpose(1, 2)), y.shape[2:]


class Stage(nn.Module):
    def __init__(self, before, dim, depth, heads, ratio, stride, embed, cls):
        super().__init__()
        self.patch_embed = Embed(before, dim, *embed)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim)) if cls else None
        blocks = [Block(dim, heads, ratio, stride) for _ in range(depth)]
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x):
        x, size = self.patch_embed(x)
        special = int(self.cls_token is not None)
        if special:
            x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1)
        for block in self.blocks:
            x = block(x, size, special)
        cls, places = x[:, :special], x[:, special:]
        return places.transpose(1, 2).unflatten(2, size), cls


class CvT(nn.Module):
    def __init__(self, config):
        super().__init__()
        each = ("dims", "depths", "heads", "mlp_ratios", "kv_stride", "embed", "cls")
        before = (config["in_chans"], *config["dims"])
        for i, options in enumerate(zip(*(config[k] for k in each), strict=True)):
            self.add_module(f"stage{i}", Stage(before[i], *options))
        self.norm = nn.LayerNorm(before[-1])
        self.head = nn.Linear(before[-1], config["num_classes"])

    def forward(self, x):
        for i in range(3):
            x, cls = self.get_submodule(f"stage{i}")(x)
        return self.head(self.norm(cls)[:, 0])


def build(config):
    return CvT(config)
