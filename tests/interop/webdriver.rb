# frozen_string_literal: true

# A person's browser: Chromium without a window, driven by ChromeDriver with plain W3C WebDriver.

require "base64"
require "json"
require "net/http"

class Browser
  class Trouble < StandardError; end

  # The element was on a page that has been left.
  class Stale < Trouble; end

  # What ChromeDriver says then, by how far the page has gone.
  LEFT = /stale element|does not belong to the document|No node with given id|Cannot find context/

  ELEMENT = "element-6066-11e4-a52e-4f735466cecf" # how WebDriver says that something is an element

  FLAGS = %w[
    --headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync
    --disable-background-networking --disable-component-update --window-size=1280,800
  ].push("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1").freeze

  # Nothing on loopback takes longer, but the machine may be busy. In milliseconds.
  PATIENCE = 20_000

  # A browser that is not signed in, as long as the block runs; its profile goes to the folder.
  def self.open(folder)
    browser = new(URI(ENV.fetch("CHROMEDRIVER")), folder)
    yield browser
  ensure
    browser&.quit
  end

  def initialize(driver, folder)
    @driver = driver
    @session = "/session"
    session = post("", capabilities: { alwaysMatch: {
      "browserName" => "chrome",
      "goog:chromeOptions" => { args: [*FLAGS, "--user-data-dir=#{folder}"] },
      "goog:loggingPrefs" => { performance: "ALL" },
      "timeouts" => { implicit: PATIENCE, pageLoad: PATIENCE, script: PATIENCE }
    } })
    @session = "/session/#{session.fetch("sessionId")}"
  end

  def visit(url) = post("/url", url: url)

  def url = get("/url")

  def title = get("/title")

  # The text of the first element that this CSS finds, once it is there.
  def text(css) = on(-> { find("css selector", css) }) { |element| get("/element/#{element}/text") }

  # Types into the field of that name.
  def fill(name, text)
    field = -> { find("css selector", "input[name='#{name}']") }
    on(field) { |element| post("/element/#{element}/value", text: text) }
  end

  # Presses the button, or follows the link, that says so. Returns when its page has been left, so that
  # what comes next is sought on the page that it leads to.
  def press(label)
    pressed = on(-> { await(label) }) do |element|
      post("/element/#{element}/click")
      element
    end
    wait_until("the page of #{label.inspect} is left") { left?(pressed) }
  end

  # Once there is a button, or a link, that says so.
  def await(label)
    find("xpath", "//button[normalize-space()='#{label}'] | //a[normalize-space()='#{label}'] | " \
                  "//input[@type='submit'][@value='#{label}']")
  end

  def prefer_color_scheme(scheme)
    command "Emulation.setEmulatedMedia", features: [{ name: "prefers-color-scheme", value: scheme }]
  end

  def become_a_phone
    command "Emulation.setDeviceMetricsOverride", width: 360, height: 640, deviceScaleFactor: 2, mobile: true
  end

  # The addresses of all that was requested over the network since this was last asked for.
  def requests
    entries = post("/se/log", type: "performance").map { |entry| JSON.parse(entry["message"])["message"] }
    sent = entries.select { |entry| entry["method"] == "Network.requestWillBeSent" }
    sent.map { |entry| entry.dig("params", "request", "url") }.grep(/\A(https?|wss?):/)
  end

  def photograph(path) = File.binwrite(path, Base64.decode64(get("/screenshot")))

  def quit = send_request(Net::HTTP::Delete.new(@session))

  private

  # One of the DevTools protocol.
  def command(name, **parameters) = post("/goog/cdp/execute", cmd: name, params: parameters)

  # Does something with an element. Where its page goes away in between, it is sought once more: the
  # driver has done nothing with the one that is gone.
  def on(sought)
    yield sought.call
  rescue Stale
    retry
  end

  def left?(element)
    get("/element/#{element}/name")
    false
  rescue Stale
    true
  end

  def find(using, value) = post("/element", using: using, value: value).fetch(ELEMENT)

  def get(path) = send_request(Net::HTTP::Get.new(@session + path))

  def post(path, **body)
    request = Net::HTTP::Post.new(@session + path, "Content-Type" => "application/json")
    request.body = JSON.generate(body)
    send_request(request)
  end

  # The nil: no proxy. Twice the patience, so that the driver's own word arrives first.
  def send_request(request)
    answer = Net::HTTP.start(@driver.hostname, @driver.port, nil, read_timeout: PATIENCE / 500) do |http|
      http.request(request)
    end
    value = JSON.parse(answer.body).fetch("value")
    return value if answer.is_a?(Net::HTTPOK)

    said = "#{value["error"]}: #{value["message"]}"
    raise said.match?(LEFT) ? Stale : Trouble, said
  end
end
