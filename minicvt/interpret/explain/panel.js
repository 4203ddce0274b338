// One model's picture with attention over it, its heads and its answer.

class Panel {
  constructor(model, index, on) {
    const root = document.getElementById("panel").content.cloneNode(true);
    this.root = root.querySelector(".panel");
    this.one = (selector) => this.root.querySelector(selector);
    this.all = (selector) => this.root.querySelectorAll(selector);
    this.model = model;
    this.index = index;
    this.on = on;
    this.one("h3").append(model.short || model.name, make("span", `badge ${model.kind}`, model.kind));
    this.one("img").src = data.picture;
    this.one(".bar i").style.backgroundImage = gradient("heat", true);
    this.one(".picture").style.aspectRatio = `${data.width} / ${data.height}`;
    this.picture(this.one(".picture"));
    this.one(".readout").setAttribute("aria-live", index ? "off" : "polite");
    this.answers(this.one(".answers"));
  }

  picture(area) {
    const place = (event) => {
      const box = area.getBoundingClientRect();
      return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
    };
    area.setAttribute("aria-label", `The picture, and what ${this.model.name} attends to`);
    area.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch") this.on.hover(place(event));
    });
    area.addEventListener("pointerleave", () => this.on.hover(null));
    area.addEventListener("click", (event) => this.on.choose(place(event)));
    area.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !this.on.key(event.key)) return;
      event.preventDefault();
    });
  }

  answers(list) {
    for (const { name, share } of this.model.answers) {
      const item = make("li");
      const bar = make("i");
      bar.style.setProperty("--share", `${100 * share}%`);
      item.append(make("span", "name", name), make("span", "share", `${(100 * share).toFixed(1)} %`), bar);
      list.append(item);
    }
  }

  /** Make a choice of heads, with a small map each. */
  choices(count) {
    const box = this.one(".heads");
    if (box.childElementCount === count + 1) return;
    box.replaceChildren();
    for (const head of ["mean", ...Array(count).keys()]) {
      const label = make("label");
      const input = make("input");
      Object.assign(input, { type: "radio", name: `head${this.index}`, value: head });
      input.addEventListener("change", () => this.on.head(input.value));
      const canvas = make("canvas");
      canvas.style.aspectRatio = `${data.width} / ${data.height}`;
      label.append(input, canvas, make("span", "", String(head)));
      box.append(label);
    }
  }

  /** Draw a block's weights: `rows` of all heads, colours up to `top`. */
  draw({ block, special: names, query, rows, head, top, veil, call }) {
    const shown = head === "mean" ? mean(rows) : rows[head];
    const { height, width, special } = block.keys;
    this.one(".picture canvas").style.opacity = veil;
    this.one(".picture").style.setProperty("--veil", veil);
    this.heat(this.one(".picture canvas"), block, shown, top);
    this.all(".grid").forEach((path) => path.setAttribute("d", lines(height, width)));
    this.asker(block, query);
    const weights = onMap(block, shown);
    const best = weights.indexOf(Math.max(...weights));
    frame(this.all(".window"), windowOf(block, best));
    this.scale(block, top, veil);
    this.specials(names, query, shown, top);
    this.one(".readout").textContent = words(block, names, query, shown, best);
    this.one(".call code").textContent = call;
    this.choices(rows.length);
    [mean(rows), ...rows].forEach((row, i) => this.heat(this.all(".heads canvas")[i], block, row, top));
    this.all(".heads input").forEach((input) => (input.checked = input.value === String(head)));
  }

  heat(canvas, block, row, top) {
    const shades = onMap(block, row).map((weight) => (255 * weight) / top);
    paint(canvas, shades, block.keys.height, block.keys.width, "heat", true);
  }

  asker(block, query) {
    const place = placeOf(block, query);
    const { height, width } = block.queries;
    const cell = place && {
      ...{ top: place.row, bottom: place.row + 1, left: place.column, right: place.column + 1 },
      ...{ height, width },
    };
    frame(this.all(".asker"), cell);
  }

  scale(block, top, veil) {
    const uniform = 1 / tokens(block.keys);
    this.one(".bar i").style.opacity = veil;
    this.one(".high").textContent = number(top);
    this.one(".bar b").textContent = `even: ${number(uniform)}`;
    this.one(".bar b").style.left = `${(100 * uniform) / top}%`;
  }

  /** Class tokens: they can ask, and they are keys that lie nowhere on the picture. */
  specials(names, query, row, top) {
    const box = this.one(".specials");
    while (box.childElementCount > names.length) box.lastChild.remove();
    while (box.childElementCount < names.length) box.append(this.button(box.childElementCount));
    names.forEach((name, i) => {
      const button = box.children[i];
      const asks = query === i;
      button.setAttribute("aria-pressed", asks);
      button.firstChild.style.background = css(rgba("heat", (255 * row[i]) / top, true));
      button.lastChild.textContent = `${name}${asks ? ", which asks," : ""} gets ${number(row[i])}`;
    });
  }

  button(place) {
    const button = make("button", "special");
    button.type = "button";
    button.append(make("i"), make("span"));
    button.addEventListener("click", () => this.on.choose(place));
    return button;
  }
}

/** What one row says, in words. */
function words(block, names, query, row, best) {
  const place = placeOf(block, query);
  const who = place
    ? `The token at row ${place.row}, column ${place.column}`
    : `The ${names[query]}`;
  const { height, width, special } = block.keys;
  const where = `row ${Math.floor(best / width)}, column ${best % width}`;
  return (
    `${who} gives ${number(row[special + best])} to the key at ${where}, the most of ` +
    `${height}×${width} on the picture. Half of its attention is on ${half(row)} of all ` +
    `${row.length} keys.`
  );
}
