import { makePaper } from "./paper.js";
import { decoded, encoded, rastered, SIDE, trace } from "./strokes.js";
import { prepared } from "./prepare.js";
import { ranking, softmax, verdict } from "./opinion.js";
import { blank, paintCode, paintGrey } from "./pictures.js";

const $ = (id) => document.getElementById(id);
const dark = matchMedia("(prefers-color-scheme: dark)");
let networks = null; // Until they have arrived.
let seen = null; // What the networks say of the drawing, or null where there is none.
let stale = null; // What has changed since: "drawing" or "sliders".
let busy = false;

const paper = makePaper($("paper"), (done) => {
  const fragment = paper.strokes.length ? `#${encoded(paper.strokes)}` : "";
  if (done) history.replaceState(null, "", location.pathname + location.search + fragment);
  refresh("drawing");
});

/** Look again; what changes meanwhile is looked at afterwards, and only in its last state. */
async function refresh(what) {
  if (stale !== "drawing") stale = what;
  if (busy || !networks) return;
  busy = true;
  document.body.classList.add("busy");
  while (stale) {
    const task = stale;
    stale = null;
    const start = performance.now();
    if (task === "drawing") await lookAtDrawing();
    if (seen) await lookAtSliders();
    $("time").textContent = `The last look took ${(performance.now() - start).toFixed(1)} ms.`;
  }
  busy = false;
  document.body.classList.remove("busy");
}

async function lookAtDrawing() {
  const { facts } = networks;
  const image = paper.strokes.length ? prepared(rastered(paper.strokes)) : null;
  seen = image && (await networks.look(image));
  $("sliders").querySelectorAll("input").forEach((input) => (input.disabled = !seen));
  $("undo").disabled = $("clear").disabled = $("link").disabled = $("back").disabled = !seen;
  document.body.classList.toggle("empty", !seen);
  if (!seen) return showNothing();
  paintGrey($("input"), image);
  paintCode($("code"), seen.code, facts.limit);
  paintGrey($("reconstruction"), seen.reconstruction);
  const probabilities = seen.scores.map(softmax);
  probabilities.forEach((list, i) => showOpinion(i + 1, list));
  say(verdict(probabilities, image, seen.error, facts));
  showError(seen.error, facts.threshold);
  toSliders(seen.code);
}

function say({ sure, text }) {
  $("verdict").className = sure ? "sure" : "unsure";
  if ($("verdict").textContent !== text) $("verdict").textContent = text;
}

function showNothing() {
  blank($("input"), $("code"), $("reconstruction"), $("moved"));
  say({ sure: false, text: "Draw a digit, or begin with one below." });
  $("verdict").className = "";
  showError(0, networks.facts.threshold);
  $("error-text").textContent = "Reconstruction error";
  $("moved-text").textContent = "\u00a0";
  $("sliders").querySelectorAll("input").forEach((input) => (input.value = 0));
  $("sliders").querySelectorAll("output").forEach((output) => (output.textContent = ""));
  for (const approach of [1, 2]) {
    const article = $(`approach${approach}`);
    article.querySelector(".says").textContent = "\u00a0";
    article.querySelectorAll("b").forEach((bar) => (bar.style.inlineSize = 0));
    article.querySelectorAll("li").forEach((row) => (row.className = ""));
    article.querySelectorAll("span").forEach((share) => (share.textContent = ""));
  }
}

const percent = (share) => `${(100 * share).toFixed(0)} %`;

function named(probabilities) {
  const [first, second] = ranking(probabilities);
  return `${first}, then ${second}`;
}

function showOpinion(approach, probabilities) {
  const [first, second] = ranking(probabilities);
  const article = $(`approach${approach}`);
  article.querySelector(".says").textContent = `says ${named(probabilities)}`;
  article.querySelectorAll("li").forEach((row, digit) => {
    row.className = digit === first ? "first" : digit === second ? "second" : "";
    row.querySelector("b").style.inlineSize = `${100 * probabilities[digit]}%`;
    row.querySelector("span").textContent = percent(probabilities[digit]);
  });
}

function showError(error, threshold) {
  const above = error > threshold;
  const limit = `${above ? "above " : ""}limit ${threshold.toFixed(4)}`;
  $("error-text").textContent = `Reconstruction error ${error.toFixed(4)}, ${limit}`;
  $("error-bar").style.inlineSize = `${Math.min(50 * (error / threshold), 100)}%`;
  $("error-bar").className = above ? "above" : "";
}

// The sliders: where the code lies along each direction, in standard deviations of MNIST's codes.

function position(code, direction) {
  const { mean } = networks.facts;
  return direction.vector.reduce((sum, v, i) => sum + v * (code[i] - mean[i]), 0) / direction.deviation;
}

function toSliders(code) {
  networks.facts.directions.forEach((direction, i) => {
    $(`direction${i}`).value = position(code, direction);
  });
}

async function lookAtSliders() {
  const { facts } = networks;
  const code = Float32Array.from(seen.code);
  facts.directions.forEach((direction, k) => {
    const input = $(`direction${k}`);
    const value = Number(input.value);
    // A drawing may lie beyond the slider's end: what was not moved adds nothing.
    const own = Math.min(Math.max(position(seen.code, direction), input.min), input.max);
    const way = (value - own) * direction.deviation;
    if (Math.abs(value - own) > Number(input.step)) direction.vector.forEach((v, i) => (code[i] += way * v));
    input.nextElementSibling.textContent = value.toFixed(1);
  });
  const { reconstruction, scores } = await networks.decode(code);
  paintGrey($("moved"), reconstruction);
  $("moved-text").textContent = `approach 1 reads ${named(softmax(scores))}`;
}

function makeSliders() {
  networks.facts.directions.forEach((direction, i) => {
    const label = document.createElement("label");
    label.innerHTML = `<span>${i + 1}. direction <small>${percent(direction.share)} of the spread</small></span>`
      + `<input type="range" id="direction${i}" min="-4" max="4" step="0.05" value="0"><output></output>`;
    label.querySelector("input").addEventListener("input", () => refresh("sliders"));
    $("sliders").append(label);
  });
}

// Everything else on the page.

function makeBars() {
  for (const list of document.querySelectorAll(".bars")) {
    list.innerHTML = Array.from({ length: 10 }, (_, digit) =>
      `<li>${digit}<i aria-hidden="true"><b></b></i><span></span></li>`).join("");
  }
}

async function makeExamples() {
  const examples = await (await fetch("examples.json")).json();
  const names = new Set();
  for (const { digit, name, strokes } of examples) {
    if (digit !== null && names.has(digit)) continue; // One of each digit; the tests draw all.
    names.add(digit ?? name);
    const scaled = (by, width) => strokes.map((points) => ({
      width, points: points.map((point) => point.map((value) => Math.round(value * by))),
    }));
    const button = document.createElement("button");
    button.type = "button";
    button.title = name;
    button.setAttribute("aria-label", `Draw ${name}`);
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
    const context = canvas.getContext("2d");
    const thumbnail = () => {
      context.clearRect(0, 0, 64, 64);
      context.strokeStyle = getComputedStyle(button).color;
      trace(context, scaled(0.64, 7));
    };
    button.append(canvas);
    button.addEventListener("click", () => paper.replace(scaled(SIDE / 100, paper.width)));
    $(digit === null ? "others" : "digits").append(button);
    thumbnail();
    dark.addEventListener("change", thumbnail);
  }
}

function showFacts() {
  const { facts } = networks;
  $("percentile").textContent = facts.percentile;
  facts.accuracy.forEach((value, i) => ($(`accuracy${i + 1}`).textContent = value.toFixed(2)));
}

function fromLink() {
  const text = location.hash.slice(1);
  const strokes = text && decoded(text);
  if (strokes) paper.replace(strokes);
  else if (text) say({ sure: false, text: "The link holds no drawing that can be read. Draw a digit." });
  return Boolean(text);
}

async function copyLink() {
  try {
    await navigator.clipboard.writeText(location.href);
    $("link").textContent = "Copied";
  } catch {
    $("link").textContent = "It is in the address bar";
  }
  setTimeout(() => ($("link").textContent = "Copy link"), 2000);
}

function setPaper(whiteOnBlack) {
  paper.whiteOnBlack = $("white-on-black").checked = whiteOnBlack;
  paper.show();
}

$("undo").addEventListener("click", paper.undo);
$("clear").addEventListener("click", paper.clear);
$("link").addEventListener("click", copyLink);
$("back").addEventListener("click", () => (toSliders(seen.code), refresh("sliders")));
$("thickness").addEventListener("input", (event) => (paper.width = Number(event.target.value)));
$("white-on-black").addEventListener("change", (event) => setPaper(event.target.checked));
dark.addEventListener("change", () => setPaper(dark.matches));
addEventListener("hashchange", fromLink);

setPaper(dark.matches);
makeBars();
makeExamples();
try {
  networks = await (await import("./networks.js")).loaded();
  makeSliders();
  showFacts();
  await refresh("drawing");
  fromLink();
  document.body.classList.add("ready");
} catch (error) {
  say({ sure: false, text: `The networks could not be loaded: ${error.message}` });
  throw error;
}
