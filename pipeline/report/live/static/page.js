// The live page: takes the figures as they come, and puts each into its place.

import { draw } from "./charts.js";
import { showControls } from "./controls.js";
import { find } from "./search.js";
import { amount, duration, element, moment, number, rows, table } from "./words.js";

const at = (id) => document.getElementById(id);
const shownAlways = new Set(["complete", "failed", "running", "pending"]);
const noTrouble = at("troubles").firstElementChild;
let newest = null;
let troubles = "";

function show(figures) {
  newest = figures;
  document.title = `${done(figures)} of ${number(figures.rows)} · ${figures.batch}`;
  at("batch").textContent = figures.batch;
  at("at").textContent = moment(figures.at);
  showStage(figures);
  showControls(figures);
  showRows(figures);
  showCredits(figures);
  showLeft(figures);
  showTime(figures);
  showDurations(figures.durations);
  showTroubles(figures.troubles);
}

const done = ({ rows: all, counts }) => number(all - counts.pending - counts.running);

function showStage({ stage, process, config, another, is_paused: paused }) {
  const words = {
    "nothing was started": `Nothing was started yet: pipeline run ${config} begins.`,
    "another's": `Nothing is shown yet: ${another}. pipeline check ${config} tells what is done.`,
    running: `${paused ? "Paused" : "Running"}, in process ${process}${another ? `: ${another}` : ""}`,
    stopped: `Stopped: pipeline run ${config} goes on with it.`,
    ended: "Ended",
  };
  // Told anew only where it changed: it is read out.
  if (at("stage").textContent !== words[stage]) at("stage").textContent = words[stage];
  at("stage").className = `stage ${stage.split(" ")[0]}`;
}

function showRows({ rows: all, counts }) {
  const some = Object.entries(counts).filter(([status, count]) => count || shownAlways.has(status));
  at("bar").setAttribute("aria-label", `Of ${rows(all)}: ${some.map(([s, n]) => `${number(n)} ${s}`).join(", ")}`);
  at("bar").replaceChildren(...some.filter(([status, count]) => count && status !== "pending").map(([status, count]) => {
    const part = element("span", { class: status });
    part.style.width = `${(100 * count) / all}%`;
    return part;
  }));
  at("counts").replaceChildren(...[["all rows", all], ...some].map(([status, count]) =>
    element("li", { class: status.replace(" ", "-") }, element("b", {}, number(count)), status)));
}

function showCredits({ credits }) {
  const { spent, cap, open_runs: open, unnamed_runs: unnamed } = credits;
  at("credits").textContent = cap === null ? amount(spent) : `${amount(spent)} of ${amount(cap)}`;
  at("cap").hidden = !cap;
  if (cap) {
    const part = element("span", { class: "spent" });
    part.style.width = `${Math.min(100, (100 * spent) / cap)}%`;
    at("cap").replaceChildren(part);
    at("cap").setAttribute("aria-label", `${amount(spent)} of ${amount(cap)} credits are spent`);
  }
  at("credits-note").textContent = [
    cap === null ? "No limits.max_credits is set." : "limits.max_credits is kept over all calls.",
    open ? `${number(open)} runs may cost yet.` : "",
    unnamed ? `${number(unnamed)} runs that ended named no credits.` : "",
  ].filter(Boolean).join(" ");
}

function showLeft({ stage, left, is_paused: paused }) {
  const isRunning = stage === "running";
  at("left").textContent = !isRunning || left === null ? "–"
    : left.longest_seconds < 1 ? "nearly done"
    : `${duration(left.shortest_seconds)} to ${duration(left.longest_seconds)}`;
  at("left-note").textContent = !isRunning ? "No process is at work on the batch."
    : paused ? "Known once it is resumed."
    : left === null ? "Known once a run has ended."
    : "From the rate, and from what this workflow's runs took so far.";
}

function showTime(figures) {
  at("window-label").hidden = figures.lately === null;
  const line = (at("window").value === "lately" && figures.lately) || figures.whole;
  if (line === null) return;
  const ends = line.begins_at + line.step_seconds * line.starts.length;
  const sum = (values) => values.reduce((total, count) => total + count, 0);
  const label = `From ${moment(line.begins_at)} to ${moment(ends)}, in steps of ${duration(line.step_seconds)}: `
    + `${number(sum(line.starts))} started, ${number(sum(line.complete))} ended complete, ${number(sum(line.others))} ended otherwise`;
  at("time-note").textContent = `In steps of ${duration(line.step_seconds)}.`;
  draw(at("time-chart"), {
    label,
    stacked: [{ name: "complete", values: line.complete }, { name: "others", values: line.others }],
    line: { name: "starts", values: line.starts },
    ends: [moment(line.begins_at), moment(ends)],
  });
  const lines = line.starts.map((started, n) => [
    moment(line.begins_at + n * line.step_seconds), number(started), number(line.complete[n]), number(line.others[n]),
  ]);
  at("time-table").replaceChildren(table("Starts and ends", ["From", "#Started", "#Ended complete", "#Ended otherwise"], lines));
}

function showDurations(durations) {
  if (durations === null) return;
  const { runs, median, slow, longest, bar_seconds: step, bars } = durations;
  const label = `Half of ${number(runs)} runs took at most ${duration(median)}, 95 of 100 at most ${duration(slow)}, the longest ${duration(longest)}.`;
  at("durations-note").textContent = label;
  draw(at("durations-chart"), {
    label, stacked: [{ name: "runs", values: bars }], ends: ["0 s", `${duration(step * bars.length)} and longer`],
  });
}

function showTroubles(found) {
  const text = JSON.stringify(found);
  if (text === troubles) return; // What is opened or focused stays so.
  troubles = text;
  const open = new Set([...document.querySelectorAll(".trouble[open]")].map((one) => one.dataset.title));
  const made = found.map((trouble) => {
    const one = element("details", { class: "trouble", "data-title": trouble.title });
    one.open = open.has(trouble.title);
    one.append(element("summary", {}, element("h3", {}, `${trouble.title}: ${rows(trouble.count)}`)));
    one.append(element("p", {}, trouble.meaning), element("p", { class: "remedy" }, trouble.remedy));
    if (trouble.errors.length) one.append(element("ul", {}, ...trouble.errors.map(([error, often]) => element("li", {}, `${rows(often)}: ${error}`))));
    if (trouble.rows.length) one.append(rowButtons(trouble));
    return one;
  });
  at("troubles").replaceChildren(...(made.length ? made : [noTrouble]));
}

function rowButtons({ rows: named, count }) {
  const buttons = named.map((row) => {
    const button = element("button", { type: "button", "aria-label": `Find row ${row}` }, String(row));
    button.addEventListener("click", () => {
      find(String(row));
      at("question").focus();
    });
    return button;
  });
  const rest = count > named.length ? [`and ${number(count - named.length)} more`] : [];
  return element("div", { class: "rows" }, "Rows", ...buttons, ...rest);
}

function tell(fault) {
  at("fault").hidden = !fault;
  if (at("fault").textContent !== fault) at("fault").textContent = fault;
}

at("window").addEventListener("change", () => newest && showTime(newest));

addEventListener("resize", () => {
  if (newest === null) return;
  showTime(newest);
  showDurations(newest.durations);
});

const source = new EventSource("figures");
source.addEventListener("message", ({ data }) => {
  const figures = JSON.parse(data);
  tell(figures.fault ?? "");
  if (!figures.fault) show(figures);
});
source.addEventListener("bye", () => {
  source.close();
  tell(`The program that served this page has ended. These are its last figures; pipeline watch ${newest?.config ?? "CONFIG"} shows them as they are.`);
});
source.addEventListener("error", () => {
  if (source.readyState !== EventSource.CLOSED) tell("The program that serves this page does not answer; these are its last figures.");
});
