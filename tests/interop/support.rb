# frozen_string_literal: true

# What all cases are written with: the engine as a client sees it, glauth as a process, and `fact`.

require "fileutils"
require "json"
require "net/http"
require "open3"
require "tmpdir"

HOST = URI(ENV.fetch("HOST"))
GLAUTH = File.expand_path(ENV.fetch("GLAUTH"))
CLIENT_ID = "glauth-interop"

STORE = File.join(ENV.fetch("SCRATCH"), "store")
ACCOUNT = File.join(STORE, "#{HOST.hostname}%3A#{HOST.port}", "default")

# --- the engine ---

def send_request(request, at)
  # The nil: no proxy, whatever the environment says.
  Net::HTTP.start(at.hostname, at.port, nil, open_timeout: 30, read_timeout: 60) do |http|
    http.request(request)
  end
end

def get(path, headers = {}, at = HOST) = send_request(Net::HTTP::Get.new(path, headers), at)

def post(path, form = {}, at = HOST)
  send_request(Net::HTTP::Post.new(path).tap { |request| request.set_form_data(form) }, at)
end

# A login as a person's consent would give it: the token response. See TestController for `options`.
def log_in(**options) = JSON.parse(post("/test/login", options).body)

def redeem(refresh_token)
  post("/oauth/token", grant_type: "refresh_token", client_id: CLIENT_ID, refresh_token: refresh_token)
end

def revoke(token) = post("/oauth/revoke", client_id: CLIENT_ID, token: token)

def call_api(access_token) = get("/api/v4/user", "Authorization" => "Bearer #{access_token}")

def accepted?(access_token) = call_api(access_token).code == "200"

# How often the token endpoint has answered in this case, by status.
def token_answers = JSON.parse(get("/test/seen").body).fetch("token_answers")

def living_refresh_tokens = JSON.parse(get("/test/seen").body).fetch("living_refresh_tokens")

# --- glauth ---

Ended = Struct.new(:code, :out, :err)

# Runs glauth with nothing in its environment. KILL, because glauth finishes a refresh before it
# heeds any other signal.
def glauth(*arguments, stdin: "")
  out, err, status = Open3.capture3(
    "timeout", "--signal=KILL", "60", GLAUTH, *arguments, "--store", STORE,
    stdin_data: stdin, unsetenv_others: true
  )
  # All of this engine's tokens look like this; fingerprints are shorter.
  assert !err.match?(/\h{64}/), "stderr shows no token", err
  Ended.new(status.exitstatus || "signal #{status.termsig}", out, err)
end

# The same where it has to succeed: what it printed.
def glauth!(*arguments, stdin: "")
  ended = glauth(*arguments, stdin: stdin)
  assert_equal 0, ended.code, "exit code of `glauth #{arguments.join(" ")}` (#{ended.err.strip})"
  ended.out
end

# The command that a hint names for the login at `url`: with the store of the call, and as a URL over plain HTTP.
def pasted(words, url)
  name = "#{url.hostname}:#{url.port}"
  "`glauth #{words} --store #{STORE} #{url.scheme == "http" ? "http://#{name}" : name}`"
end

def import(response)
  glauth!("login", "--import", "--client-id", CLIENT_ID, HOST.to_s, stdin: JSON.generate(response))
end

def print_token = glauth!("token", HOST.to_s).chomp

def replace_rejected(token) = glauth!("token", "--rejected", HOST.to_s, stdin: token).chomp

# The only account's state; `status` may exit otherwise than with 0.
def state = JSON.parse(glauth("status", "--json").out).fetch("accounts").fetch(0).fetch("state")

# Runs the block while no other process can have the account's lock.
def holding_the_lock
  File.open("#{ACCOUNT}.lock") do |lock|
    lock.flock(File::LOCK_EX)
    yield lock
  end
end

# How many processes the kernel keeps waiting for a lock on this file.
def waiting_for(lock)
  File.foreach("/proc/locks").count { |line| line.match?(/->.* FLOCK .*:#{lock.stat.ino} /) }
end

# --- cases ---

class Unmet < StandardError; end

def assert(condition, what, seen = nil)
  raise Unmet, [what, seen].compact.join(": ") unless condition
end

def assert_equal(expected, actual, what)
  assert expected == actual, what, "expected #{expected.inspect}, got #{actual.inspect}"
end

# What the block finds, as soon as it does. `seen` says what there was instead.
def wait_until(what, limit: 30, seen: -> {})
  deadline = now + limit
  until (found = yield)
    assert now < deadline, "waited #{limit} s in vain until #{what}", seen.call
    sleep 0.01
  end
  found
end

def start_together(count, &block) = Array.new(count) { Thread.new(&block) }

def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

def note(text) = puts("       #{text}")

RESULTS = Hash.new(0)
Thread.report_on_exception = false # `value` raises it where the thread is waited for

# Runs a case on an engine without tokens and with an empty store, unless the command line names others.
def fact(name)
  return unless ARGV.empty? || ARGV.any? { |word| name.include?(word) }

  started = now
  begin
    post("/test/reset")
    FileUtils.rm_rf(STORE)
    yield
    verdict = :passed
  rescue StandardError => e
    verdict = :failed
    why = e.is_a?(Unmet) ? e.message : e.full_message(highlight: false)
  end
  RESULTS[verdict] += 1
  puts format("%s %6.2f s  %s", verdict, now - started, name)
  note why if why
  $stdout.flush
end

def conclude
  puts format("%d passed, %d failed", RESULTS[:passed], RESULTS[:failed])
  exit RESULTS[:failed].zero? && RESULTS[:passed].positive?
end
