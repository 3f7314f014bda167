// Finding rows. Owns the form, the rows found, and the asking for more of them.

import { amount, duration, moment, number, table } from "./words.js";

const HEADS = ["#Row", "Status", "Run id", "#Attempts", "Sent", "Took", "#Credits", "Error"];
const KINDS = [null, null, "id", null, null, null, null, "words"];

const input = document.getElementById("question");
const remark = document.getElementById("remark");
const place = document.getElementById("hits");
const more = document.getElementById("more");

let hits = [];
let asked = "";

export function find(text) {
  input.value = text;
  hits = [];
  asked = text;
  return ask(0);
}

async function ask(after) {
  let answer;
  try {
    const reply = await fetch(`search?${new URLSearchParams({ q: asked, after })}`);
    answer = await reply.json();
  } catch {
    answer = { hits: [], has_more: false, remark: "The program that serves this page has ended." };
  }
  hits.push(...answer.hits);
  const count = hits.length === 1 ? "1 row" : `${number(hits.length)} rows`;
  const counted = hits.length || !answer.remark ? `${count}${answer.has_more ? ", and there are more" : ""}.` : "";
  remark.textContent = [counted, answer.remark].filter(Boolean).join(" ");
  place.hidden = !hits.length;
  place.replaceChildren(...(hits.length ? [table("Rows found", HEADS, hits.map(line), KINDS)] : []));
  more.hidden = !answer.has_more;
}

function line(hit) {
  const hasEnd = hit.ended_at !== null && hit.sent_at !== null;
  return [
    `${hit.row}${hit.equal_rows > 1 ? ` (and ${hit.equal_rows - 1} equal)` : ""}${hit.is_in_sheet ? "" : " (left the sheet)"}`,
    hit.status,
    hit.run_id ?? "",
    String(hit.attempts),
    hit.sent_at === null ? "" : moment(hit.sent_at),
    hasEnd ? duration(Math.max(0, hit.ended_at - hit.sent_at)) : "",
    hit.credits === null ? "" : amount(hit.credits),
    hit.error ?? "",
  ];
}

document.getElementById("search").addEventListener("submit", (event) => {
  event.preventDefault();
  find(input.value);
});
more.addEventListener("click", () => ask(hits.at(-1).row));
