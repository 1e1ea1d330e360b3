/* The page: its head and tabs, the data flow, the training, the examples, questions. */

/* ---------- Data flow ---------- */

function flowPart(flow) {
  const { note, stages, facts, warnings, n_rows: rows, n_total: total } = flow;
  const part = rows === total ? "" : `Shown for ${count(rows)} of ${plural(total, "row")}.`;
  const list = el("ol", { class: "stages" }, stages.map((stage, i) =>
    stageNode(stage, i + 1 < stages.length ? relation(stages, i + 1) : null)));
  const aside = facts.length ? el("aside", { class: "facts" },
    el("h3", {}, "Facts"),
    el("table", {}, facts.map(([name, value]) =>
      el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value))))) : null;
  return { node: el("div", {},
    el("p", { class: "note" }, note || part),
    warnings.map((text) => el("p", { class: "warning" },
      el("span", { "aria-hidden": "true" }, "⚠ "), el("b", {}, "Warning: "), text)),
    el("div", { class: aside ? "flow" : null },
      aside, stages.length ? list : el("p", { class: "note" }, "There is no stage to show."))) };
}

// How a stage follows the one before it: an arrow only where data flow from one to the other
function relation(stages, i) {
  const { level, input } = stages[i];
  if (stages[i - 1].level < level) return "inside";
  const before = stages.slice(0, i).findLast((stage) => stage.level <= level);
  const same = before?.level === level && JSON.stringify(before.output) === JSON.stringify(input);
  return same ? "flow" : "beside";
}

function stageNode(stage, next) {
  const { name, level, kind, summary, input, output, n_parameters: n, formula } = stage;
  const sizes = present(n) ? el("p", { class: "parameters" },
    el("b", {}, plural(n, "parameter")), formula ? ` = ${formula}` : null) : null;
  const node = el("li", { class: "stage", "data-next": next },
    el("h3", {}, name, name === kind ? null : el("code", {}, kind)),
    summary ? el("p", {}, summary) : null,
    el("div", { class: "inout" },
      valuesNode("in", input), el("span", { class: "arrow", "aria-hidden": "true" }), valuesNode("out", output)),
    sizes);
  node.style.setProperty("--level", Math.min(level, 2));
  return node;
}

function valuesNode(side, values) {
  if (!values) return el("div", { class: "values" }, el("p", { class: "what" }, side));
  const { type, shape, dtype, density, rows, words } = values;
  const share = present(density) ? `${number(100 * density, 1)} % filled` : null;
  const list = (rows ?? []).map((row, i) => sampleNode(row, words?.[i], dtype));
  return el("div", { class: "values" },
    el("p", { class: "what" }, el("span", { class: "side" }, side), " ", el("b", {}, type), " ",
      el("code", {}, shape), " ", el("code", {}, dtype), share ? ` ${share}` : null),
    list.length ? el("ul", { class: "rows" }, list) : null);
}

// Ids under their words where both are known; otherwise one line below the other
function sampleNode(row, words, dtype) {
  const plain = /^(str|object|string|category|mixed)/.test(dtype) ? "text" : "numbers";
  if (!present(words)) return el("li", { class: plain, dir: "auto" }, row || "(empty)");
  const [ids, labels] = [row.split(" "), words.split(" ")];
  if (ids.length !== labels.length) {
    return el("li", {}, el("span", { class: "text", dir: "auto" }, words),
      el("span", { class: "numbers" }, row));
  }
  return el("li", { class: "pairs", dir: "auto" }, row ? labels.map((label, i) =>
    el("span", { class: "pair" }, el("span", {}, label), el("code", { dir: "ltr" }, ids[i]))) : "(empty)");
}

/* ---------- Training ---------- */

const NAMES = {
  train_loss: "training loss", valid_loss: "validation loss",
  train_accuracy: "training accuracy", valid_accuracy: "validation accuracy",
};

function trainingPart({ note, unit, runs }) {
  const charts = el("div", { class: "curves" });
  const table = el("div", { class: "run" });
  const buttons = runs.map((run, i) =>
    el("button", { type: "button", onclick: () => show(i) },
      el("i", { class: `c${i % 8}` }), run.name,
      present(run.n_rows) ? el("small", {}, ` ${plural(run.n_rows, "row")}`) : null));
  const show = (chosen) => {
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", i === chosen));
    charts.replaceChildren(...["loss", "accuracy"].map((what) =>
      curves(what, unit, runs, chosen)).filter(Boolean));
    table.replaceChildren(runTable(unit, runs[chosen]));
  };
  const several = runs.length > 1;
  const head = several ? el("div", { class: "runs", role: "group", "aria-label": "Runs" }, buttons) : null;
  const node = el("div", {}, note ? el("p", { class: "note" }, note) : null,
    runs.length ? head : el("p", { class: "note" }, "No training was recorded."), charts, table);
  return { node, start: () => runs.length && show(0) };
}

function curves(what, unit, runs, chosen) {
  const several = runs.length > 1;
  const series = [];
  const best = [];
  runs.forEach((run, i) => {
    const own = [["train", false], ["valid", true]].map(([side, dash]) => ({
      dash, colour: several ? i % 8 : Number(dash), faint: several && i !== chosen,
      name: several ? `${run.name}, ${NAMES[`${side}_${what}`]}` : NAMES[`${side}_${what}`].split(" ")[0],
      xs: run.rows.map((row) => row.epoch), ys: run.rows.map((row) => row[`${side}_${what}`] ?? null),
    })).filter((s) => s.ys.some(present));
    series.push(...own);
    const last = own.at(-1);
    const y = last?.ys[last.xs.indexOf(run.best)];
    if (present(run.best) && present(y)) best.push({ x: run.best, y, colour: last.colour });
  });
  if (!series.length) return null;
  series.sort((a, b) => Boolean(b.faint) - Boolean(a.faint));
  const title = what === "loss" ? "Loss" : "Accuracy";
  const dashed = several && series.some((s) => s.dash);
  return el("figure", {},
    el("figcaption", {}, el("h3", {}, title), dashed ? el("span", { class: "key" },
      el("i", {}), "training", el("i", { class: "dash" }), "validation") : null),
    chart({
      series, best, yName: what, xName: unit, direct: !several,
      bestText: several ? "" : `best: ${best[0]?.x}`,
      label: `${title} by ${unit}: ${series.map((s) => s.name).slice(0, 8).join(", ")}. Arrow keys read the values.`,
    }).node);
}

function runTable(unit, run) {
  const shown = ["train_loss", "valid_loss", "train_accuracy", "valid_accuracy"]
    .filter((name) => run.rows.some((row) => present(row[name])));
  const rows = run.rows.map((row) => {
    const best = row.epoch === run.best;
    return el("tr", { class: best ? "best" : null },
      el("th", { scope: "row" }, best ? el("span", {}, "★ best ") : null, count(row.epoch)),
      shown.map((name) => el("td", {}, number(row[name]))),
      el("td", { class: "observation" }, row.observation ?? ""));
  });
  const rest = present(run.n_rows) ? `: ${plural(run.n_rows, "training row")}` : "";
  return el("div", { class: "table", tabindex: 0, role: "region", "aria-label": `Each ${unit}` },
    el("table", {}, el("caption", {}, `${run.name}${rest}`),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, unit),
        shown.map((name) => el("th", { scope: "col" }, NAMES[name])),
        el("th", { scope: "col", class: "observation" }, "observation"))),
      el("tbody", {}, rows)));
}

/* ---------- Prediction ---------- */

function predictionPart({ note, readings }) {
  const view = el("div", { class: "view" });
  const buttons = readings.map((reading, i) =>
    el("button", { type: "button", class: "example", onclick: () => show(i) },
      el("span", { dir: "auto" }, reading.title || "(empty)"),
      el("small", {}, verdict(reading))));
  let shown = null;
  const show = (i) => {
    buttons.forEach((button, j) => {
      if (i === j) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
    shown = readingState(readings[i]);
    view.replaceChildren(...readingCards(shown));
    shown.go(shown.step);
  };
  const list = el("nav", { class: "examples", "aria-label": "Examples" }, buttons);
  const node = el("div", {},
    note ? el("p", { class: "note" }, note) : null,
    readings.length ? null : el("p", { class: "note" }, "No example was traced."),
    el("div", { class: readings.length > 1 ? "predictions" : null },
      readings.length > 1 ? list : null, view));
  const again = () => shown?.go(shown.step);
  return { node, start: () => readings.length && show(0), onshow: again };
}

function verdict({ predicted, true: truth, scale, outputs, next_words: nextWords }) {
  if (!predicted) return [];
  const parts = [nextWords ? "next word " : "predicted ", el("b", { dir: "auto" }, predicted)];
  if (!present(truth)) return parts;
  const judged = scale === "probability" && outputs.length;
  if (judged && predicted === truth) return [...parts, el("span", { class: "right" }, " ✓ right")];
  const wrong = judged ? el("span", { class: "wrong" }, " ✗ wrong") : null;
  return [...parts, wrong, ", true ", el("b", { dir: "auto" }, truth)].filter(present);
}

/* ---------- Questions ---------- */

function endPart({ quiz, insight }) {
  return [
    insight ? el("section", { class: "insight" }, el("h2", {}, "Key insight"), el("p", {}, insight)) : null,
    quiz.length ? el("section", { class: "quiz" }, el("h2", {}, "Questions"),
      quiz.map(({ question, answer }) => el("details", {},
        el("summary", {}, question), el("p", {}, answer)))) : null,
  ];
}

/* ---------- Tabs and theme ---------- */

function tabList(parts) {
  const select = (chosen, focus) => {
    parts.forEach(({ tab, panel }, i) => {
      tab.setAttribute("aria-selected", i === chosen);
      tab.tabIndex = i === chosen ? 0 : -1;
      panel.hidden = i !== chosen;
    });
    if (focus) parts[chosen].tab.focus();
    parts[chosen].onshow?.();
  };
  parts.forEach((part, i) => {
    part.tab = el("button", {
      type: "button", role: "tab", id: `tab-${part.id}`, "aria-controls": part.id,
      onclick: () => select(i),
    }, part.title);
    part.panel.setAttribute("role", "tabpanel");
    part.panel.setAttribute("aria-labelledby", `tab-${part.id}`);
  });
  const bar = el("div", { class: "tabs", role: "tablist", "aria-label": "Parts" },
    parts.map(({ tab }) => tab));
  bar.addEventListener("keydown", (event) => {
    const now = parts.findIndex(({ tab }) => tab === document.activeElement);
    const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: parts.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    select((to + parts.length) % parts.length, true);
  });
  select(0);
  return bar;
}

function themeButton() {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const button = el("button", { type: "button", class: "theme", onclick: () =>
    set(root.dataset.theme === "dark" ? "light" : "dark") });
  const set = (theme) => {
    root.dataset.theme = theme;
    button.textContent = theme === "dark" ? "☀ Light" : "☾ Dark";
    document.querySelectorAll("canvas").forEach((canvas) => canvas.repaint?.());
  };
  const system = () => set(dark.matches ? "dark" : "light");
  dark.addEventListener("change", system);
  let before = "light";
  addEventListener("beforeprint", () => {
    before = root.dataset.theme;
    set("light");
  });
  addEventListener("afterprint", () => set(before));
  system();
  return button;
}

function start() {
  const data = JSON.parse(document.getElementById("data").textContent);
  const parts = [
    ["flow", "Data flow", flowPart],
    ["training", "Training", trainingPart],
    ["predictions", "Prediction", predictionPart],
  ].filter(([id]) => data[id]).map(([id, title, build]) => {
    const { node, start: begin, onshow } = build(data[id]);
    const panel = el("section", { class: "panel", id }, el("h2", {}, title), node);
    return { id, title, panel, begin, onshow };
  });
  const main = el("main", {});
  document.getElementById("page").append(
    el("header", { class: "top" },
      el("div", {}, el("h1", {}, data.title), data.subtitle ? el("p", {}, data.subtitle) : null),
      themeButton()), main);
  if (parts.length > 1) main.append(tabList(parts));
  main.append(...parts.map(({ panel }) => panel), ...endPart(data).filter(Boolean));
  document.body.classList.toggle("tabbed", parts.length > 1);
  parts.forEach(({ begin }) => begin?.());
}

start();
