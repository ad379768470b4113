"""Distributions whose name is not that of the module that they have."""

from __future__ import annotations

_OTHERWISE = {
    "Bio": "biopython", "Crypto": "pycryptodome", "Cryptodome": "pycryptodomex",
    "IPython": "ipython", "MySQLdb": "mysqlclient", "OpenGL": "PyOpenGL", "OpenSSL": "pyOpenSSL", "PIL": "pillow",
    "absl": "absl-py", "apiclient": "google-api-python-client", "attr": "attrs", "bs4": "beautifulsoup4",
    "bson": "pymongo", "cairo": "pycairo", "community": "python-louvain", "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil", "discord": "discord.py", "distutils": "setuptools", "docx": "python-docx",
    "dotenv": "python-dotenv", "dns": "dnspython", "faiss": "faiss-cpu", "fitz": "PyMuPDF", "git": "GitPython",
    "github": "PyGithub", "grpc": "grpcio",
    "jose": "python-jose", "jwt": "PyJWT", "kafka": "kafka-python", "ldap": "python-ldap",
    "magic": "python-magic", "mpl_toolkits": "matplotlib", "mysql": "mysql-connector-python", "nacl": "PyNaCl",
    "odf": "odfpy", "osgeo": "GDAL", "past": "future", "pkg_resources": "setuptools<81", "pptx": "python-pptx",
    "psycopg2": "psycopg2-binary", "pylab": "matplotlib", "pymysql": "PyMySQL", "pywt": "PyWavelets",
    "rest_framework": "djangorestframework", "ruamel": "ruamel.yaml", "sentence_transformers": "sentence-transformers",
    "serial": "pyserial", "sklearn": "scikit-learn", "skimage": "scikit-image", "slugify": "python-slugify",
    "socks": "PySocks", "speech_recognition": "SpeechRecognition", "talib": "TA-Lib",
    "telegram": "python-telegram-bot", "umap": "umap-learn", "usb": "pyusb", "websocket": "websocket-client",
    "win32api": "pywin32", "xdist": "pytest-xdist", "yaml": "PyYAML", "zmq": "pyzmq", "zstd": "zstandard", "sqlalchemy": "SQLAlchemy",
    "python_calamine": "python-calamine", "pytables": "tables", "imblearn": "imbalanced-learn",
}  # fmt: skip


def distribution_of(module: str) -> str:
    """What is installed to have `module`: where no other name is known, its own."""
    return _OTHERWISE.get(module) or module.replace("_", "-")
