// A photo is made small before it leaves the phone. Without this script it is sent as it is, and must be small.
"use strict";
(() => {
  const LONGEST = 1280;
  const QUALITY = 0.75;
  const SMALL_ENOUGH = 300000;

  function shrunk(file) {
    return new Promise((resolve) => {
      const picture = new Image();
      picture.onload = () => {
        const scale = Math.min(1, LONGEST / Math.max(picture.naturalWidth, picture.naturalHeight));
        const canvas = document.createElement("canvas");
        canvas.width = Math.round(picture.naturalWidth * scale);
        canvas.height = Math.round(picture.naturalHeight * scale);
        canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
        URL.revokeObjectURL(picture.src);
        canvas.toBlob((blob) => resolve(blob), "image/jpeg", QUALITY);
      };
      picture.onerror = () => resolve(null);
      picture.src = URL.createObjectURL(file);
    });
  }

  document.addEventListener("change", async (event) => {
    const field = event.target;
    const file = field.type === "file" && field.files[0];
    if (!file || file.size <= SMALL_ENOUGH || !window.DataTransfer) return;
    const button = field.form.querySelector("button");
    button.disabled = true;
    const blob = await shrunk(file);
    if (blob && blob.size < file.size) {
      const made = new DataTransfer();
      made.items.add(new File([blob], "photo.jpg", { type: "image/jpeg" }));
      field.files = made.files;
    }
    button.disabled = false;
  });
})();
