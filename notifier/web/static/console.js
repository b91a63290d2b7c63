// Draws the report's charts from the numbers in #figures, again whenever htmx brings new ones.
"use strict";
(() => {
  const colours = getComputedStyle(document.documentElement);
  const colour = (key) => colours.getPropertyValue(`--${key}`).trim();
  const slices = ["#c0392b", "#e08a3c", "#8e6bb0", "#4a78a8", "#7a8c5a", "#b0567e", "#5f6b70", "#c9a227",
    "#2f8f8f", "#a0522d", "#6c5ce7", "#9aa58f"];
  const ROW_PX = 30;
  const FRAME_PX = 90;
  const LEAST_PX = 320;
  const NARROW_PX = 640;
  const font = colours.fontFamily;

  function placesOption(figures) {
    return {
      animation: false,
      textStyle: { fontFamily: font, fontSize: 14, color: colour("ink") },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" }, renderMode: "richText", confine: true },
      legend: { bottom: 0, itemGap: 12, textStyle: { fontSize: 13, color: colour("ink") } },
      grid: { left: 8, right: 16, top: 8, bottom: 56, containLabel: true },
      xAxis: {
        type: "value", minInterval: 1, splitNumber: 4, axisLabel: { color: colour("soft") },
        splitLine: { lineStyle: { color: colour("edge") } },
      },
      yAxis: { type: "category", data: figures.places, inverse: true, axisLabel: { fontSize: 14, color: colour("ink") } },
      series: figures.bands.map((band) => ({
        name: band.name, type: "bar", stack: "owed", data: band.values, barMaxWidth: 24,
        itemStyle: { color: colour(band.key) },
      })),
    };
  }

  function reasonsOption(figures) {
    const narrow = window.innerWidth < NARROW_PX;
    return {
      animation: false,
      color: slices,
      textStyle: { fontFamily: font, fontSize: 14, color: colour("ink") },
      tooltip: { renderMode: "richText", confine: true },
      series: [{
        type: "pie", radius: narrow ? ["28%", "46%"] : ["36%", "60%"], center: ["50%", "50%"], data: figures.reasons,
        label: { position: figures.reasons.length === 1 ? "center" : "outside", formatter: "{b}\n{c} 户", fontSize: narrow ? 12 : 13, overflow: "none", color: colour("ink") },
        labelLine: { length: 8, length2: 6 },
      }],
    };
  }

  function drawIn(id, option, height) {
    const place = document.getElementById(id);
    if (height) place.style.height = `${height}px`;
    const drawn = window.echarts.getInstanceByDom(place) || window.echarts.init(place, null, { locale: "ZH" });
    drawn.resize();
    drawn.setOption(option, true);
  }

  function draw() {
    const source = document.getElementById("figures");
    const charts = document.querySelector(".charts");
    if (!source || !charts) return;
    const figures = JSON.parse(source.dataset.chart);
    charts.hidden = !window.echarts || figures.places.length === 0;
    if (charts.hidden) return;
    const hasReasons = figures.reasons.length > 0;
    document.getElementById("reasons-figure").hidden = !hasReasons;
    charts.classList.toggle("alone", !hasReasons);
    drawIn("places-chart", placesOption(figures), Math.max(LEAST_PX, figures.places.length * ROW_PX + FRAME_PX));
    if (hasReasons) drawIn("reasons-chart", reasonsOption(figures));
  }

  function redrawWhenChanged() {
    const main = document.querySelector("main");
    let last = document.getElementById("figures")?.dataset.chart;
    new MutationObserver(() => {
      const now = document.getElementById("figures")?.dataset.chart;
      if (now && now !== last) { last = now; draw(); }
    }).observe(main, { childList: true, subtree: true });
  }

  function listen() {
    document.addEventListener("submit", (event) => {
      const question = event.target.dataset.confirm;
      if (question && !window.confirm(question)) { event.preventDefault(); return; }
      // A double click must not submit twice; the button's own value has been taken already.
      setTimeout(() => event.target.querySelectorAll("button").forEach((button) => { button.disabled = true; }), 0);
    });
    document.addEventListener("click", (event) => {
      if (event.target.closest("[data-print]")) window.print();
    });
    window.addEventListener("resize", draw);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    // A page that is pushed to is told when its login has ended.
    document.addEventListener("ended", (event) => {
      if (event.detail?.data === "logged-out") window.location.reload();
    });
  }

  listen();
  draw();
  redrawWhenChanged();
})();
