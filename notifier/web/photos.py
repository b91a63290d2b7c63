"""A photo that somebody hands in: drawn anew, small, and without what the camera wrote into it."""

import warnings
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from notifier.domain.errors import InputError

LARGEST = 1_000_000
"""Bytes of a photo that are taken; browsers with scripts make it smaller before it is sent."""
_LONGEST_SIDE = 1600
_MOST_PIXELS = 50_000_000
_QUALITY = 80
_FORMATS = ("JPEG", "PNG", "WEBP")


def small_photo(raw: bytes) -> bytes:
    """The picture as a JPEG of at most 1600 pixels a side, upright, with no place, time or device in it.

    Raises InputError: too large, or no picture. Slow: call it in a thread.
    """
    if len(raw) > LARGEST:
        raise InputError("照片超过 1 MB;请在相机里选较小的尺寸,或不附照片再提交")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(raw), formats=_FORMATS) as opened:
                if opened.width * opened.height > _MOST_PIXELS:
                    raise InputError("照片的像素太多;请在相机里选较小的尺寸")
                picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombWarning):
        raise InputError("这个文件不是可用的照片;请用 JPG 或 PNG 格式") from None
    except Image.DecompressionBombError:
        raise InputError("照片的像素太多;请在相机里选较小的尺寸") from None
    picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    drawn = Image.new("RGB", picture.size)
    drawn.paste(picture)
    told = BytesIO()
    drawn.save(told, "JPEG", quality=_QUALITY, optimize=True)
    return told.getvalue()
