"""nbgrader's settings in teaching mode: its source is assignments/, and all that it makes goes to class/."""

import os
from pathlib import Path

from engineroom.kit.places import course_folder

root = Path(os.environ.get("ENGINEROOM_CLASSROOM") or course_folder())
c = get_config()  # noqa: F821 - Jupyter provides it

c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "assignments"
for step in ("release", "submitted", "autograded", "feedback", "solution"):
    setattr(c.CourseDirectory, f"{step}_directory", f"class/{step}")
c.Exchange.root = str(root / "class" / "exchange")
(root / "class" / "exchange").mkdir(parents=True, exist_ok=True)
c.CourseDirectory.db_url = f"sqlite:///{root / 'class' / 'gradebook.db'}"
