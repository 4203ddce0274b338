// Token maps and rollout, which depend only on the models that are shown.

let drawn = "";

function drawMaps(shown) {
  const names = shown.map((model) => model.name).join();
  if (names === drawn) return;
  drawn = names;
  element("maps").replaceChildren(...models[0].stages.map((_, i) => stageCard(shown, i)));
  const parts = ["way", "other"];
  parts.forEach((part) => {
    const strips = shown.map((model) => strip(shown, model, model.shares[part].map(share)));
    element(part).replaceChildren(...strips);
  });
}

function stageCard(shown, i) {
  const { label, grid, channels } = models[0].stages[i];
  const card = make("div", "card");
  card.append(make("h3", "", label), make("p", "note", `${grid.join("×")} tokens of ${channels} numbers`));
  for (const model of shown) card.append(strip(shown, model, model.stages[i].tiles.map((map) => tile(map))));
  return card;
}

/** Tiles in a row, under their model's name where there are two. */
function strip(shown, model, tiles) {
  const box = make("div", "strip");
  if (shown.length > 1) box.append(make("h4", "", model.name));
  const row = make("div", "tiles");
  row.append(...tiles);
  box.append(row);
  return box;
}

/** A map with its title and its scale. */
function tile(map, over = false) {
  const figure = make("figure", "tile");
  const canvas = make("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${map.title}, from ${number(map.low)} to ${number(map.high)}`);
  canvas.style.aspectRatio = `${data.width} / ${data.height}`;
  paint(canvas, codes(map), ...map.grid, map.ramp, over);
  const bar = make("div", "bar");
  bar.append(make("i"), make("span", "low", number(map.low)), make("span", "high", number(map.high)));
  bar.firstChild.style.backgroundImage = gradient(map.ramp, over);
  figure.append(make("figcaption", "", map.title), canvas, bar);
  return figure;
}

/** The same over the picture. */
function share(map) {
  const figure = tile(map, true);
  const over = make("div", "over");
  const image = make("img");
  Object.assign(image, { src: data.picture, alt: "" });
  if (map.even) {
    const tick = make("b");
    tick.style.left = `${(100 * map.even) / map.high}%`;
    figure.querySelector(".bar").append(tick);
  }
  const canvas = figure.querySelector("canvas");
  canvas.replaceWith(over);
  over.append(image, canvas);
  return figure;
}
