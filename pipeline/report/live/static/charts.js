// Charts as plain SVG. Owns their look; must not know where the figures come from.

const HEIGHT = 200, LEFT = 48, BOTTOM = 24, TOP = 12;
const SVG = "http://www.w3.org/2000/svg";

// Puts into a place bars that stand on each other, and a line of steps over them. `label` tells it
// all in words. As wide as the place, so that its texts are as large as those around it.
export function draw(place, { label, stacked, line, ends }) {
  const WIDTH = Math.max(240, place.clientWidth);
  const bars = stacked[0].values.length;
  const totals = stacked[0].values.map((_, n) => stacked.reduce((sum, { values }) => sum + values[n], 0));
  const highest = Math.max(1, ...totals, ...(line ? line.values : []));
  // Even, so that the line in the middle stands where its number says.
  const most = highest === 1 ? 1 : 2 * Math.ceil(highest / 2);
  const step = (WIDTH - LEFT) / bars;
  const y = (count) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - count / most);
  const svg = drawn("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });
  for (const count of (most === 1 ? [0, 1] : [0, most / 2, most])) {
    svg.append(drawn("line", { class: "grid", x1: LEFT, x2: WIDTH, y1: y(count), y2: y(count) }));
    svg.append(written(count.toLocaleString("en-GB"), LEFT - 8, y(count) + 4, "end"));
  }
  for (let n = 0; n < bars; n += 1) {
    let below = 0;
    for (const { name, values } of stacked) {
      if (!values[n]) continue;
      const top = y(below + values[n]);
      svg.append(drawn("rect", {
        class: name, x: LEFT + n * step + step * 0.1, width: step * 0.8, y: top, height: y(below) - top,
      }));
      below += values[n];
    }
  }
  if (line) {
    const points = line.values.flatMap((count, n) => [[LEFT + n * step, y(count)], [LEFT + (n + 1) * step, y(count)]]);
    svg.append(drawn("polyline", { class: line.name, points: points.map((at) => at.join(",")).join(" ") }));
  }
  svg.append(written(ends[0], LEFT, HEIGHT - 6, "start"), written(ends[1], WIDTH, HEIGHT - 6, "end"));
  place.replaceChildren(svg);
}

function drawn(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function written(text, x, y, anchor) {
  const element = drawn("text", { x, y, "text-anchor": anchor });
  element.textContent = text;
  return element;
}
