"""The two plate networks in PyTorch. `keras_twins.py` builds the same in Keras, layer by layer, by the same names."""

import torch
from torch import Tensor, nn

SLOTS, CLASSES, KINDS = 8, 73, 8
READER_INPUT = (48, 160)  # height, width; see edge_agent.vision.plate_read
GRID = (6, 40)


class Conv(nn.Sequential):
    """Convolution, batch normalisation, ReLU6 (or none): folded into one layer when shipped."""

    def __init__(
        self,
        inside: int,
        out: int,
        kernel: int = 3,
        stride: tuple[int, int] | int = 1,
        *,
        each: bool = False,
        act: bool = True,
    ) -> None:
        groups = inside if each else 1
        layers: list[nn.Module] = [
            nn.Conv2d(inside, out, kernel, stride, kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(out),
        ]
        super().__init__(*layers, *([nn.ReLU6()] if act else []))


class Inverted(nn.Module):
    """Wide inside, narrow outside, with a way around (MobileNetV2, arXiv 1801.04381)."""

    def __init__(self, channels: int, wide: int, kernel: int = 3) -> None:
        super().__init__()
        self.open = Conv(channels, wide, 1)
        self.each = Conv(wide, wide, kernel, each=True)
        self.close = Conv(wide, channels, 1, act=False)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.close(self.each(self.open(x)))


class Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.one = Conv(channels, channels)
        self.two = Conv(channels, channels, act=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.clamp(x + self.two(self.one(x)), 0, 6)


class PlateReader(nn.Module):
    """A rectified plate in; for each of 8 places a character, and the kind of plate.

    Each place has a map of attention over the features: where it looks. The map starts from what the plate's kind says
    (a place of a two-row plate is elsewhere) and is moved by what is seen. Output: logits (n, 8, 73), (n, 8).
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = Conv(3, 24, 3, 2)
        self.down1 = Conv(24, 48, 3, 2)
        self.body1 = Residual(48)
        self.down2 = Conv(48, 96, 3, (2, 1))
        self.body2 = nn.Sequential(Residual(96), Residual(96), Residual(96))
        self.kind = nn.Linear(96, KINDS)
        self.place = nn.Linear(KINDS, SLOTS * GRID[0] * GRID[1], bias=False)
        self.look = nn.Conv2d(96, SLOTS, 1)
        self.feature = Conv(96, 160, 1)
        self.char = nn.Linear(160, CLASSES)
        self.char_of = nn.Parameter(torch.zeros(SLOTS, CLASSES))
        with torch.no_grad():
            self.place.weight.copy_(_first_places())

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.body2(self.down2(self.body1(self.down1(self.stem(x)))))
        kinds = self.kind(x.mean((2, 3)))
        places = self.place(torch.softmax(kinds, 1)).view(-1, SLOTS, GRID[0] * GRID[1])
        attention = torch.softmax(self.look(x).flatten(2) + places, 2)  # (n, 8, 240)
        features = self.feature(x).flatten(2).transpose(1, 2)  # (n, 240, 160)
        seen = attention @ features
        return self.char(seen) + self.char_of, kinds


def _first_places() -> Tensor:
    """A wide guess of where each place is, for one row of seven, one row of eight and two rows."""
    rows, columns = torch.meshgrid(
        (torch.arange(GRID[0]) + 0.5) / GRID[0], (torch.arange(GRID[1]) + 0.5) / GRID[1], indexing="ij"
    )
    seven = [0.085, 0.215, 0.395, 0.525, 0.655, 0.785, 0.915, 0.96]
    eight = [0.08, 0.19, 0.37, 0.48, 0.59, 0.7, 0.805, 0.915]
    double = [0.34, 0.66, 0.135, 0.32, 0.5, 0.68, 0.865, 0.96]
    weights = []
    for kind in range(KINDS):
        for slot in range(SLOTS):
            x = (eight if kind in (1, 2) else double if kind == 4 else seven)[slot]
            y = 0.5 if kind != 4 else 0.22 if slot < 2 else 0.68
            deep = 0.3 if kind != 4 else 0.16
            weights.append((-(((columns - x) / 0.06) ** 2) - ((rows - y) / deep) ** 2).clamp(min=-4).flatten())
    return torch.stack(weights).view(KINDS, SLOTS * GRID[0] * GRID[1]).T.contiguous()


class Split(nn.Sequential):
    """A convolution split in two: each channel by itself, then across channels (MobileNet, arXiv 1704.04861)."""

    def __init__(self, inside: int, out: int, stride: int = 1, *, act: bool = True) -> None:
        super().__init__(Conv(inside, inside, 3, stride, each=True), Conv(inside, out, 1, act=act))


class SplitResidual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.one = Split(channels, channels)
        self.two = Split(channels, channels, act=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.clamp(x + self.two(self.one(x)), 0, 6)


class PlateDetector(nn.Module):
    """A picture of any size that 32 divides; for each 8 x 8 pixels a logit "the middle of a plate is here" and the way
    from the cell's centre to the four corners. Output: (n, 9, height / 8, width / 8); ways in units of 32 pixels.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = Conv(3, 16, 3, 2)
        self.down1 = Split(16, 32, 2)
        self.down2 = Split(32, 64, 2)
        self.fine = SplitResidual(64)
        self.down3 = Split(64, 96, 2)
        self.middle = nn.Sequential(SplitResidual(96), SplitResidual(96))
        self.down4 = Split(96, 160, 2)
        self.coarse = nn.Sequential(SplitResidual(160), SplitResidual(160))
        self.from_coarse = Conv(160, 96, 1)
        self.join_middle = Split(96, 96)
        self.from_middle = Conv(96, 64, 1)
        self.join_fine = SplitResidual(64)
        self.head = Conv(64, 96, 1)
        self.out = nn.Conv2d(96, 9, 1)
        with torch.no_grad():
            self.out.bias[0] = -4.5

    def forward(self, x: Tensor) -> Tensor:
        fine = self.fine(self.down2(self.down1(self.stem(x))))
        middle = self.middle(self.down3(fine))
        coarse = self.coarse(self.down4(middle))
        middle = self.join_middle(middle + _twice(self.from_coarse(coarse)))
        fine = self.join_fine(fine + _twice(self.from_middle(middle)))
        return self.out(self.head(fine))


def _twice(x: Tensor) -> Tensor:
    return nn.functional.interpolate(x, scale_factor=2, mode="nearest")
