// Figures in words, and elements from texts. Owns how numbers and times are written.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export const number = (value) => value.toLocaleString("en-GB", { maximumFractionDigits: 2 });

// As the commands spell it: the program sends no digit that is not sure.
export const amount = (credits) => credits.toLocaleString("en-GB", { maximumFractionDigits: 10 });

export const rows = (count) => `${number(count)} ${count === 1 ? "row" : "rows"}`;

export function moment(seconds) {
  const at = new Date(seconds * 1000);
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? at.toLocaleTimeString("en-GB") : at.toLocaleString("en-GB");
}

// Two units are enough: 1 h 5 min, 40 s, 0.4 s.
export function duration(seconds) {
  if (seconds < 10) return `${number(Math.round(seconds * 10) / 10)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ""}`;
  const minutes = Math.round(whole / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ""}`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} d${hours % 24 ? ` ${hours % 24} h` : ""}`;
}

// A table from its heads and lines; a head that begins with # stands over numbers.
export function table(caption, heads, lines, kinds = []) {
  const isNumber = heads.map((head) => head.startsWith("#"));
  const names = heads.map((head) => head.replace("#", ""));
  const head = element("tr", {}, ...heads.map((_, n) =>
    element("th", { scope: "col", ...(isNumber[n] ? { class: "number" } : {}) }, names[n])));
  const body = lines.map((cells) => element("tr", {}, ...cells.map((text, n) => {
    const kind = isNumber[n] ? "number" : kinds[n];
    return element("td", { "data-name": names[n], ...(kind ? { class: kind } : {}) }, text);
  })));
  const made = element("table", { "aria-label": caption });
  made.append(element("thead", {}, head), element("tbody", {}, ...body));
  return made;
}
