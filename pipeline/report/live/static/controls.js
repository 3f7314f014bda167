// Pausing a batch and changing its limits. Owns the asking, and what was said to it.

const at = (id) => document.getElementById(id);
const EXAMPLES = {
  "limits.rate": "30/min",
  "limits.max_in_flight": "100",
  "limits.max_credits": "500",
  "limits.max_failures": "20",
};

let isPaused = false;

export function showControls({ stage, adjusted, is_paused: paused }) {
  isPaused = paused;
  at("controls").hidden = stage !== "running";
  at("pause").textContent = paused ? "Resume" : "Pause";
  const changes = Object.entries(adjusted).filter(([key]) => key !== "paused").map(([key, text]) => `${key}=${text}`);
  at("adjusted").textContent = [
    paused ? "Paused: no run is started, those in flight are watched on." : "",
    changes.length ? `Changed until this call ends: ${changes.join(", ")}.` : "A change holds until this call ends; the next run takes the config's.",
  ].filter(Boolean).join(" ");
}

async function change(text) {
  let said;
  try {
    const reply = await fetch("adjust", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ changes: [text] }),
    });
    said = (await reply.json()).said;
  } catch {
    said = ["The program that serves this page has ended: nothing was changed."];
  }
  at("said").textContent = said.join(" ");
}

at("pause").addEventListener("click", () => change(`paused=${!isPaused}`));
at("key").addEventListener("change", () => { at("value").placeholder = EXAMPLES[at("key").value]; });
at("adjust").addEventListener("submit", (event) => {
  event.preventDefault();
  change(`${at("key").value}=${at("value").value.trim()}`);
});
at("value").placeholder = EXAMPLES[at("key").value];
