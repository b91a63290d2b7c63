// Asks for consent to subscription notices through WeChat's own button; the section shows only where that button works.
(function () {
  "use strict";
  var box = document.getElementById("notices");
  var button = document.getElementById("subscribe");
  var done = document.getElementById("consented");
  if (!box || !button || !window.wx) { return; }
  window.wx.config({
    debug: false,
    appId: box.getAttribute("data-appid"),
    timestamp: Number(box.getAttribute("data-timestamp")),
    nonceStr: box.getAttribute("data-nonce"),
    signature: box.getAttribute("data-signature"),
    jsApiList: ["checkJsApi"],
    openTagList: ["wx-open-subscribe"]
  });
  window.wx.ready(function () { box.hidden = false; });
  window.wx.error(function () { box.hidden = true; });
  button.addEventListener("success", function (event) {
    if (String(event.detail && event.detail.subscribeDetails).indexOf("accept") < 0) { return; }
    button.style.display = "none";
    done.hidden = false;
  });
}());
