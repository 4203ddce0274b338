// Maps as tiny canvases that CSS enlarges, lines as SVG over the unit square.

const ramps = Object.fromEntries(
  Object.entries(data.ramps).map(([name, colours]) => [name, bytes(colours)]),
);

/**
 * Colour and opacity of a shade from 0 to 255. Over a picture 0 is clear, and the darker
 * half of the ramp comes in.
 */
function rgba(ramp, shade, over) {
  const i = Math.min(Math.max(Math.round(shade), 0), 255);
  const colour = 3 * (over ? 128 + (i >> 1) : i);
  const alpha = over ? 255 * (i / 255) ** 0.7 : 255;
  return [...ramps[ramp].subarray(colour, colour + 3), alpha];
}

/** Paint one pixel a shade. */
function paint(canvas, shades, height, width, ramp, over = false) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const colours = Array.from({ length: 256 }, (_, i) => rgba(ramp, i, over));
  shades.forEach((shade, i) => {
    image.data.set(colours[Math.min(Math.round(shade), 255)], 4 * i);
  });
  context.putImageData(image, 0, 0);
}

function css([red, green, blue, alpha]) {
  return `rgb(${red} ${green} ${blue} / ${alpha / 255})`;
}

/** The bar of a ramp. */
function gradient(ramp, over = false) {
  const stops = Array.from({ length: 17 }, (_, i) => css(rgba(ramp, (255 * i) / 16, over)));
  return `linear-gradient(90deg, ${stops.join(", ")})`;
}

/** Lines between `height` x `width` cells, as an SVG path. */
function lines(height, width) {
  const inner = (n) => Array.from({ length: n - 1 }, (_, i) => (i + 1) / n);
  return [
    ...inner(height).map((y) => `M0 ${y}H1`),
    ...inner(width).map((x) => `M${x} 0V1`),
  ].join("");
}

/** Put a rectangle around cells of a grid; null hides it. */
function frame(rectangles, cells) {
  for (const rectangle of rectangles) {
    rectangle.style.display = cells ? "" : "none";
    if (!cells) continue;
    rectangle.setAttribute("x", cells.left / cells.width);
    rectangle.setAttribute("y", cells.top / cells.height);
    rectangle.setAttribute("width", (cells.right - cells.left) / cells.width);
    rectangle.setAttribute("height", (cells.bottom - cells.top) / cells.height);
  }
}

/** The tokens that a key's window read, as cells of the query grid. */
function windowOf(block, key) {
  if (!block.window) return null;
  const [kernel, stride, padding] = block.window;
  const { height, width } = block.queries;
  const side = (i, axis, size) => {
    const start = i * stride[axis] - padding[axis];
    return [Math.max(start, 0), Math.min(start + kernel[axis], size)];
  };
  const [top, bottom] = side(Math.floor(key / block.keys.width), 0, height);
  const [left, right] = side(key % block.keys.width, 1, width);
  return { top, bottom, left, right, height, width };
}

/** Two digits that count, without powers of ten where they can be helped. */
function number(value) {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e4)) return String(Number(value.toPrecision(2)));
  return value.toExponential(1);
}

function make(tag, kind = "", text = "") {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  element.textContent = text;
  return element;
}
