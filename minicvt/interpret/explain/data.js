"use strict";
// The page's data, and attention as numbers again.

const data = JSON.parse(document.getElementById("data").textContent);
const decoded = new WeakMap();

function bytes(base64) {
  const text = atob(base64);
  const found = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) found[i] = text.charCodeAt(i);
  return found;
}

/** Bytes of a block or a map, decoded when first asked for. */
function codes(holder) {
  if (!decoded.has(holder)) decoded.set(holder, bytes(holder.codes));
  return decoded.get(holder);
}

const tokens = (grid) => grid.special + grid.height * grid.width;
const kept = (block) => block.queries.special + block.rows.length * block.columns.length;

/** One query's weights over all keys, special ones first: u² / Σ u². */
function row(block, head, query) {
  const keys = tokens(block.keys);
  const start = (head * kept(block) + query) * keys;
  const squares = Float64Array.from(codes(block).subarray(start, start + keys), (u) => u * u);
  const sum = squares.reduce((a, b) => a + b);
  return squares.map((square) => square / sum);
}

/** The weights of every head. */
function heads(block, query) {
  return Array.from({ length: block.heads }, (_, head) => row(block, head, query));
}

function mean(rows) {
  return rows[0].map((_, key) => rows.reduce((sum, row) => sum + row[key], 0) / rows.length);
}

/** Weights on the keys that lie on the map. */
const onMap = (block, row) => row.subarray(block.keys.special);

function nearest(values, wanted) {
  let best = 0;
  values.forEach((value, i) => {
    if (Math.abs(value - wanted) < Math.abs(values[best] - wanted)) best = i;
  });
  return best;
}

/**
 * Number of the kept query that is nearest to a place: { x, y } in [0, 1], or a number,
 * that of a special token. Where there is none, the middle asks.
 */
function queryAt(block, place) {
  const { special, height, width } = block.queries;
  const onPicture = typeof place === "object";
  if (!onPicture && special) return Math.min(place, special - 1);
  const { x, y } = onPicture ? place : { x: 0.5, y: 0.5 };
  const r = nearest(block.rows, y * height - 0.5);
  return special + r * block.columns.length + nearest(block.columns, x * width - 0.5);
}

/** Where a kept query lies: its row and column on the whole map; null for special ones. */
function placeOf(block, query) {
  const number = query - block.queries.special;
  if (number < 0) return null;
  const across = block.columns.length;
  return { row: block.rows[Math.floor(number / across)], column: block.columns[number % across] };
}

/** The place `down` and `right` kept queries further, in [0, 1]. */
function moved(block, query, down, right) {
  const { special, height, width } = block.queries;
  const across = block.columns.length;
  const number = Math.max(query - special, 0);
  const within = (i, list) => list[Math.min(Math.max(i, 0), list.length - 1)];
  const r = within(Math.floor(number / across) + down, block.rows);
  const c = within((number % across) + right, block.columns);
  return { x: (c + 0.5) / width, y: (r + 0.5) / height };
}

/** How many keys, the heaviest first, hold half of the weight. */
function half(row) {
  let sum = 0;
  return [...row].sort((a, b) => b - a).findIndex((weight) => (sum += weight) >= 0.5) + 1;
}
