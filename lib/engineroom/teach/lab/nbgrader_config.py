"""nbgrader's settings in teaching mode: its source is assignments/, and all that it makes goes to class/."""

from engineroom.kit.places import course_folder

c = get_config()  # noqa: F821 - Jupyter provides it

c.CourseDirectory.root = str(course_folder())
c.CourseDirectory.source_directory = "assignments"
for step in ("release", "submitted", "autograded", "feedback", "solution"):
    setattr(c.CourseDirectory, f"{step}_directory", f"class/{step}")
c.CourseDirectory.db_url = f"sqlite:///{course_folder() / 'class' / 'gradebook.db'}"
