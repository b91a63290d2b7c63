// Reads the page aloud with the browser's own voice, where it has a Chinese one; the button shows only then.
(function () {
  "use strict";
  var aloud = document.getElementById("aloud");
  var button = document.getElementById("speak");
  var sound = document.getElementById("sound");
  var synth = window.speechSynthesis;
  if (!aloud || !button || !synth || !window.SpeechSynthesisUtterance) { return; }

  function chinese() {
    var voices = synth.getVoices() || [];
    for (var i = 0; i < voices.length; i += 1) {
      if (/^(zh|cmn)/i.test(voices[i].lang)) { return voices[i]; }
    }
    return null;
  }

  function offer() {
    if (!chinese()) { return; }
    button.hidden = false;
    if (sound) { sound.hidden = true; sound.style.display = "none"; }
  }

  button.addEventListener("click", function () {
    if (synth.speaking) { synth.cancel(); button.textContent = "读给我听"; return; }
    var words = new window.SpeechSynthesisUtterance(aloud.getAttribute("data-words"));
    words.voice = chinese();
    words.lang = "zh-CN";
    words.rate = 0.85;
    words.onend = function () { button.textContent = "读给我听"; };
    button.textContent = "停下";
    synth.speak(words);
  });
  offer();
  if (synth.addEventListener) { synth.addEventListener("voiceschanged", offer); } else { synth.onvoiceschanged = offer; }
}());
