r"""Small details to plant in images, and a dial from invisible to visible.

A forward matrix :math:`A` with null space :math:`N` sees of a detail :math:`d` only the part
:math:`d-P_Nd`. The dial keeps the length of the detail and turns it between the two parts.
"""

import numpy as np

from kernelstab._checks import as_array, as_count, as_number, as_shape

# Capital letters, digits and a few signs, 3 columns by 5 rows; each row is three bits.
_GLYPHS = {
    "A": "25755", "B": "65656", "C": "34443", "D": "65556", "E": "74647", "F": "74644", "G": "34553",
    "H": "55755", "I": "72227", "J": "11152", "K": "55655", "L": "44447", "M": "57755", "N": "65555",
    "O": "25552", "P": "65644", "Q": "25563", "R": "65655", "S": "34216", "T": "72222", "U": "55557",
    "V": "55552", "W": "55775", "X": "55255", "Y": "55222", "Z": "71247", "0": "75557", "1": "26227",
    "2": "61247", "3": "61216", "4": "55711", "5": "74616", "6": "34757", "7": "71122", "8": "75757",
    "9": "75716", " ": "00000", "-": "00700", ".": "00002", "?": "61202", "!": "22202",
}


def blob(shape, centre, radius: float, *, depth: float = 1.0) -> np.ndarray:
    r"""Return a smooth round bump of height ``depth``.

    The profile is :math:`(1-r^2)^2` for :math:`r=\|p-c\|/\text{radius}\le1` and zero outside:
    once differentiable and exactly local. A negative depth makes a dark spot.

    Parameters
    ----------
    shape : (int, int)
        Shape of the image.
    centre : (float, float)
        Row and column, in pixels.
    radius : float
        In pixels.
    depth : float
        Height at the centre.

    Raises
    ------
    ValueError
        If the radius is not positive or the bump misses every pixel.

    Examples
    --------
    At half the radius the height is ``(1 - 1/4) ** 2 = 9/16``:

    >>> blob((5, 5), (2, 2), 2.0)[2]
    array([0.    , 0.5625, 1.    , 0.5625, 0.    ])
    """
    shape, centre = as_shape(shape, ndim=2), as_array(centre, "centre", shape=(2,), real=True)
    radius, depth = as_number(radius, "radius", low=0.0, strict=True), as_number(depth, "depth")
    rows, columns = np.ogrid[:shape[0], :shape[1]]
    square = ((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2) / radius**2
    image = depth * np.maximum(1.0 - square, 0.0) ** 2
    return _not_empty(image, f"the blob of radius {radius} about {tuple(map(float, centre))}")


def block(shape, corner, size, *, depth: float = 1.0) -> np.ndarray:
    """Return a constant rectangle of height ``depth``.

    Parameters
    ----------
    shape : (int, int)
        Shape of the image.
    corner : (int, int)
        Row and column of its top left pixel.
    size : (int, int)
        Number of rows and columns.
    depth : float

    Raises
    ------
    ValueError
        If the rectangle does not lie inside the image.

    >>> block((2, 3), (0, 1), (1, 2))
    array([[0., 1., 1.],
           [0., 0., 0.]])
    """
    shape, (top, left), (height, width) = as_shape(shape, ndim=2), corner, size
    top = as_count(top, "corner", high=shape[0] - 1)
    left = as_count(left, "corner", high=shape[1] - 1)
    height = as_count(height, "size", low=1, high=shape[0] - top)
    width = as_count(width, "size", low=1, high=shape[1] - left)
    image = np.zeros(shape)
    image[top:top + height, left:left + width] = as_number(depth, "depth")
    return _not_empty(image, f"the block of depth {depth}")


def text(shape, words: str, corner, *, scale: int = 1, depth: float = 1.0) -> np.ndarray:
    """Return a line of block letters, three pixels wide and five high before scaling.

    Parameters
    ----------
    shape : (int, int)
        Shape of the image.
    words : str
        Letters (shown as capitals), digits, space and ``-.?!``.
    corner : (int, int)
        Row and column of the top left pixel.
    scale : int
        Side of one dot in pixels.
    depth : float

    Raises
    ------
    ValueError
        If a character is unknown, or the line does not fit.

    Examples
    --------
    >>> print("\\n".join("".join(".#"[int(v)] for v in row) for row in text((5, 7), "Hi", (0, 0))))
    #.#.###
    #.#..#.
    ###..#.
    #.#..#.
    #.#.###
    """
    shape, (top, left) = as_shape(shape, ndim=2), corner
    top, left = as_count(top, "corner"), as_count(left, "corner")
    scale = as_count(scale, "scale", low=1)
    unknown = sorted(set(words.upper()) - set(_GLYPHS))
    if unknown or not words.strip():
        raise ValueError(f"words must be made of letters, digits, spaces and -.?!, got {words!r}")
    line = np.zeros((5, 4 * len(words) - 1))
    for k, letter in enumerate(words.upper()):
        rows = [int(row) for row in _GLYPHS[letter]]
        line[:, 4 * k:4 * k + 3] = [[row >> 2 & 1, row >> 1 & 1, row & 1] for row in rows]
    dots = np.kron(line, np.ones((scale, scale)))
    if top + dots.shape[0] > shape[0] or left + dots.shape[1] > shape[1]:
        raise ValueError(f"words {words!r} need {dots.shape} pixels from {(top, left)}, got shape {shape}")
    image = np.zeros(shape)
    image[top:top + dots.shape[0], left:left + dots.shape[1]] = as_number(depth, "depth") * dots
    return _not_empty(image, f"the text of depth {depth}")


def dial(project_kernel, detail, theta: float) -> np.ndarray:
    r"""Turn a detail between the null space of a forward matrix and its complement.

    With :math:`n=P_Nd` and :math:`r=d-P_Nd`, returns

    .. math:: x(\theta)=\|d\|\,\Bigl(\cos\theta\,\frac{n}{\|n\|}+\sin\theta\,\frac{r}{\|r\|}\Bigr),

    so :math:`\|x(\theta)\|=\|d\|` and :math:`\|P_Nx(\theta)\|/\|x(\theta)\|=\cos\theta`: at
    :math:`\theta=0` no measurement shows it, at :math:`\pi/2` all of it is measured, and at
    :math:`\arccos(\|P_Nd\|/\|d\|)` it is :math:`d` itself.

    Parameters
    ----------
    project_kernel : callable, ndarray (N,) -> ndarray (N,)
        Orthogonal projection onto the null space. Complex if the operator is; then so is the result.
    detail : ndarray
        Real or complex, any shape; passed on flat.
    theta : float
        Angle in [0, pi/2], radians.

    Returns
    -------
    ndarray, shape of ``detail``

    Raises
    ------
    ValueError
        If the detail is zero, the angle is outside its range, or a part that the angle asks
        for vanishes: a detail with no kernel part cannot be made less visible.

    Examples
    --------
    The null space of ``A = [1, 0]`` is the second axis; at 60 degrees half of the unit length
    lies in it:

    >>> dial(lambda x: np.array([0.0, x[1]]), [0.6, 0.8], np.pi / 3).round(4)
    array([0.866, 0.5  ])
    """
    detail = as_array(detail, "detail")
    theta = as_number(theta, "theta", low=0.0, high=np.pi / 2)
    flat = detail.ravel()
    length = np.linalg.norm(flat)
    if length == 0:
        raise ValueError("detail must not be zero")
    hidden = as_array(project_kernel(flat), "project_kernel(detail)", shape=flat.shape)
    seen = flat - hidden
    turned = np.zeros_like(seen)         # complex as soon as one part is
    for part, weight, which in ((hidden, np.cos(theta), "inside"), (seen, np.sin(theta), "outside")):
        if weight > 1e-15:   # cos(pi / 2) is 6e-17 in floating point
            size = np.linalg.norm(part)
            if size <= 1e-12 * length:
                raise ValueError(f"detail must have a part {which} the null space for theta = {theta}, "
                                 f"its norm is {size:.3g}")
            turned += length * weight / size * part
    return turned.reshape(detail.shape)


def _not_empty(image: np.ndarray, what: str) -> np.ndarray:
    if not image.any():
        raise ValueError(f"{what} is zero on the image of shape {image.shape}")
    return image
