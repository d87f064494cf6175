"""Chinese characters, as every text that is read here looks for them."""

from __future__ import annotations

import re

HAN = re.compile(r"[\u4e00-\u9fff]")
