// What is chosen, and drawing it again when that changes.

const models = data.models;
const last = models[0].stages.length - 1;
const state = {
  stage: last,
  block: models[0].stages[last].blocks.length - 1,
  head: "mean",
  place: 0,
  hover: null,
  beside: 0,
  scale: "query",
  veil: 0.7,
};
const panels = [];
let waiting = false;

const element = (id) => document.getElementById(id);
const blockOf = (model) => model.stages[state.stage].blocks[state.block];
const specialOf = (model) => model.stages[state.stage].special;
const shownModels = () => [models[0], ...(state.beside ? [models[state.beside]] : [])];

/** Draw once before the next frame, however often it is asked for. */
function update(change) {
  Object.assign(state, change);
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    draw();
  });
}

const steer = {
  hover: (hover) => update({ hover }),
  choose: (place) => update({ place, hover: null }),
  head: (head) => update({ head: head === "mean" ? head : Number(head) }),
  key(name) {
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const block = blockOf(models[0]);
    const { special } = block.queries;
    const asked = typeof state.place === "number" ? state.place + 1 : 0;
    if (name.toLowerCase() === "c" && special) steer.choose(asked % special);
    else if (name in steps) steer.choose(moved(block, queryAt(block, state.place), ...steps[name]));
    else return false;
    return true;
  },
};

/** Make radio buttons: [value, words] each. */
function choice(name, options, chosen, change) {
  const box = element(name);
  box.querySelectorAll("label").forEach((label) => label.remove());
  for (const [value, text] of options) {
    const label = make("label");
    const input = make("input");
    Object.assign(input, { type: "radio", name, value, checked: value === chosen });
    input.addEventListener("change", () => change(value));
    label.append(input, make("span", "", text));
    box.append(label);
  }
}

function stageName({ blocks }, number) {
  const { height, width, special } = blocks[0].queries;
  return `${number}: ${height}×${width}${special ? ` + ${special}` : ""}`;
}

function chooseStage(stage) {
  const { blocks } = models[0].stages[stage];
  const block = blocks.length - 1;
  const head = state.head < blocks[block].heads ? state.head : "mean";
  choice("block", blocks.map((_, i) => [i, String(i)]), block, (block) => update({ block }));
  update({ stage, block, head });
}

function draw() {
  const shown = shownModels();
  const query = queryAt(blockOf(models[0]), state.hover ?? state.place);
  const rows = shown.map((model) => heads(blockOf(model), query));
  const top = largest(shown, rows);
  const call = callOf(blockOf(models[0]), query);
  arrange(shown).forEach((panel, i) => {
    const block = blockOf(shown[i]);
    panel.draw({ ...state, block, special: specialOf(shown[i]), query, rows: rows[i], top, call });
  });
  drawMaps(shown);
}

/** The panels of the shown models. Only a change moves them, or they would lose focus. */
function arrange(shown) {
  const wanted = shown.map((model) => models.indexOf(model)).map((i) => {
    return (panels[i] ??= new Panel(models[i], i, steer));
  });
  const box = element("panels");
  if (wanted.some((panel, i) => box.children[i] !== panel.root) || box.children[wanted.length]) {
    box.replaceChildren(...wanted.map((panel) => panel.root));
  }
  return wanted;
}

/** End of the colours, common to all heads and models. Flat maps must not look rich. */
function largest(shown, rows) {
  const flat = data.flat / tokens(blockOf(shown[0]).keys);
  if (state.scale === "block") return Math.max(flat, ...shown.map((model) => blockOf(model).largest));
  const weights = shown.flatMap((model, i) => rows[i].map((row) => onMap(blockOf(model), row)));
  return Math.max(flat, ...weights.map((row) => row.reduce((a, b) => Math.max(a, b), 0)));
}

/** The same picture in Python. */
function callOf(block, query) {
  const place = placeOf(block, query);
  const head = state.head === "mean" ? "" : `, head=${state.head}`;
  const other = query ? `, query=${query}` : "";
  const asks = place ? `, query=(${place.row}, ${place.column})` : other;
  return `mc.viz.attention(model, image, stage=${state.stage}, block=${state.block}${head}${asks})`;
}

const stages = models[0].stages.map((stage, i) => [i, stageName(stage, i)]);
const besides = models.map((model, i) => [i, model.short || "hidden"]);
const scales = [["query", "this query"], ["block", "all"]];
choice("stage", stages, last, chooseStage);
choice("beside", besides, 0, (beside) => update({ beside }));
choice("scale", scales, "query", (scale) => update({ scale }));
element("veil").addEventListener("input", (event) => update({ veil: event.target.value }));
element("controls").addEventListener("submit", (event) => event.preventDefault());
element("nowhere").textContent = models[0].stages[last].special
  .map((name, i) => (i ? `, again for the ${name}` : ` for the ${name}`))
  .join("");
element("nowhere").parentElement.hidden = !models[0].stages.some(({ special }) => special.length);
chooseStage(last);
