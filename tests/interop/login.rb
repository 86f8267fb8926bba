# frozen_string_literal: true

# `glauth login` while a person is at it.

require "pty"

require_relative "webdriver"

# What the stand-in for a person's browser leaves: the address that it was told to open.
OPENED = File.join(ENV.fetch("SCRATCH"), "opened")

class Login
  LIMIT = 60

  attr_reader :said

  # At a terminal, with a BROWSER that hands the address over; or without one, where the address is
  # printed.
  def initialize(*arguments, terminal: false)
    FileUtils.rm_f(OPENED)
    command = ["timeout", "--signal=KILL", LIMIT.to_s, GLAUTH, "login", *arguments, "--store", STORE]
    @out, out = IO.pipe
    @err, err = terminal ? PTY.open : IO.pipe
    stdin = terminal ? err : File::NULL
    environment = terminal ? { "BROWSER" => "#{__dir__}/hand-over #{OPENED} %s" } : {}
    @pid = spawn(environment, *command, in: stdin, out: out, err: err, unsetenv_others: true)
    [out, err].each(&:close)
    @said = +""
    @printed = Thread.new { @out.read }
    @listener = Thread.new { listen }
  end

  # The page that the person is sent to.
  def page
    heard("sends a person to a page") { printed_page || opened_page }
  end

  # What stands under `key` in a line of JSON on stderr.
  def told(key)
    heard("says `#{key}`") { lines_of_json.filter_map { |line| line[key] }.first }
  end

  # At a terminal.
  def type_enter = @err.write("\n")

  # How it ended, with all that it said.
  def ended
    status = heard("ends") { Process.wait2(@pid, Process::WNOHANG)&.last }
    @pid = nil
    @listener.join(1)
    Ended.new(status.exitstatus || "signal #{status.termsig}", @printed.value, @said)
  end

  # Whatever the case came to.
  def end_now
    return unless @pid

    Process.kill("KILL", -@pid) # with `timeout`, which leads a group of its own
    Process.wait(@pid)
  rescue SystemCallError
    nil # it had ended
  end

  private

  def heard(what, &block) = wait_until("glauth #{what}", limit: LIMIT, seen: -> { @said }, &block)

  def listen
    loop { @said << @err.readpartial(4096).delete("\r").gsub(/\e\[[\d;?]*[A-Za-z]/, "") }
  rescue EOFError, Errno::EIO # how a terminal ends
    nil
  end

  def printed_page
    @said[/^  (http\S+)$/, 1] || lines_of_json.filter_map { |line| line.dig("authorization", "url") }.first
  end

  def opened_page = (File.read(OPENED)[/\A(.+)\n/, 1] if File.exist?(OPENED))

  def lines_of_json
    @said.lines.grep(/\A\{.*\}\n\z/).map { |line| JSON.parse(line) }
  end
end

# Logs in, with a person who does what the block does: how glauth ended.
def log_in_with(*arguments, **options)
  login = Login.new(*arguments, **options)
  yield login
  login.ended.tap { |ended| assert_no_secret_in ended.err }
ensure
  login&.end_now
end

def assert_no_secret_in(text)
  records = Dir.glob("#{STORE}/*/*.toml").map { |path| File.read(path) }
  secrets = records.flat_map { |record| record.scan(/(?:_token|client_secret) = "(.+)"$/).flatten }
  assert secrets.none? { |secret| text.include?(secret) }, "stderr shows no token and no secret"
end

# A fresh browser, as long as the block runs.
def with_browser(&block) = Browser.open(Dir.mktmpdir("chromium-", ENV.fetch("SCRATCH")), &block)

# The browser stands on glauth's own page, which says this.
def assert_ends_at(browser, heading, *texts)
  title = "#{heading} · glauth"
  wait_until("the browser shows `#{title}`", seen: -> { browser.title }) { browser.title == title }
  assert_equal heading, browser.text("h1"), "the heading"
  said = browser.text("main")
  texts.each { |text| assert said.include?(text), "the page says `#{text}`", said }
end

# Since the requests were last read, glauth's page was loaded and nothing from anywhere else; `from`
# are the server's own pages.
def assert_nothing_from_elsewhere(browser, from:)
  glauths, others = browser.requests.partition { |url| url == browser.url }
  assert_equal 1, glauths.size, "requests to glauth's page"
  assert others.all? { |url| url.start_with?("#{from}/") }, "requests to others", others
end

# Where GLAUTH_INTEROP_SCREENSHOTS names a folder: the page on a light and a dark ground, and on a
# phone.
def photograph(browser, name)
  folder = ENV.fetch("GLAUTH_INTEROP_SCREENSHOTS", nil) or return
  FileUtils.mkdir_p(folder)
  %w[dark light].each do |scheme|
    browser.prefer_color_scheme scheme
    browser.photograph File.join(folder, "#{name}-#{scheme}.png")
  end
  browser.become_a_phone
  browser.photograph File.join(folder, "#{name}-narrow.png")
end
