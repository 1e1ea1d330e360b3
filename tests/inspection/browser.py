"""Chromium, and a page that is open in it."""

import os
import shutil

import pytest

from sklstm.inspection._render_html import render_page

FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --disable-dev-shm-usage"
)


def give_up(what):
    """Skip where there is no browser, except on CI, which must have one."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{what} is missing")


def start_chromium(profile):
    """Return a driver of a headless Chromium, with a folder of its own."""
    try:
        from selenium import webdriver
    except ImportError:
        give_up("selenium")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    chromedriver = shutil.which("chromedriver")
    if not (chromium and chromedriver):
        give_up("Chromium or its driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in [*FLAGS.split(), f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=chromedriver)
    return webdriver.Chrome(options=options, service=service)


class Page:
    """A page that is open in the browser, with short names for what tests do."""

    def __init__(self, driver, folder):
        self.driver = driver
        self.path = folder / "trace.html"

    def open(self, data, width=1280, height=900, scheme="light", media=""):
        self.path.write_text(render_page(data), encoding="utf-8")
        size = {"width": width, "height": height, "deviceScaleFactor": 1}
        self.command("Emulation.setDeviceMetricsOverride", **size, mobile=False)
        self.emulate(scheme, media)
        self.driver.get(self.path.as_uri())
        return self

    def command(self, name, **arguments):
        return self.driver.execute_cdp_cmd(name, arguments)

    def emulate(self, scheme="light", media=""):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.command("Emulation.setEmulatedMedia", media=media, features=[feature])

    def all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def one(self, selector):
        return self.driver.find_element("css selector", selector)

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def text(self, selector="body"):
        return self.js(
            "return document.querySelector(arguments[0]).innerText", selector
        )

    def tab(self, name):
        next(tab for tab in self.all("[role=tab]") if tab.text == name).click()
        return self

    def press(self, *keys):
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def wait(self, condition):
        """Wait until a function without arguments returns something true."""
        from selenium.webdriver.support.wait import WebDriverWait

        WebDriverWait(self.driver, 20).until(lambda _: condition())

    def overflow(self):
        """How many pixels the page is wider than the window."""
        root = "document.documentElement"
        return self.js(f"return {root}.scrollWidth - {root}.clientWidth")
