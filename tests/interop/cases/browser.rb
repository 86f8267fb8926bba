# frozen_string_literal: true

# Logins at GitLab's engine by Jane and Joe, who use Chromium.

require_relative "../login"

SERVER_NAME = "#{HOST.hostname}:#{HOST.port}"
CLIENT = ["--client-id", CLIENT_ID].freeze

def sign_in(browser, username)
  browser.fill "username", username
  browser.fill "password", "correct horse battery staple"
  browser.press "Sign in"
end

# The only account, as `status` shows it to a program.
def account = JSON.parse(glauth("status", "--json").out).fetch("accounts").fetch(0)

def username_at_api = JSON.parse(call_api(print_token).body)["username"]

# Jane's first login.
def log_in_as_jane(browser)
  log_in_with(HOST.to_s, *CLIENT, "--no-browser") do |login|
    browser.visit login.page
    sign_in browser, "jane"
    browser.press "Authorize"
    assert_ends_at browser, "Logged in to #{SERVER_NAME} as jane"
  end
end

fact "a browser that consents ends at glauth's page, which loads nothing, and the login works" do
  with_browser do |browser|
    login = log_in_with(HOST.to_s, *CLIENT, "--no-browser") do |login|
      browser.visit login.page
      sign_in browser, "jane"
      browser.press "Authorize"

      assert_ends_at browser, "Logged in to #{SERVER_NAME} as jane", "You can close this tab."
      assert_nothing_from_elsewhere browser, from: HOST
      photograph browser, "logged-in"
    end

    assert_equal [0, ""], [login.code, login.out], "exit code and output (#{login.err})"
    assert login.err.include?("#{SERVER_NAME}: logged in as jane\n"), "who is logged in", login.err
  end
  assert_equal "jane", username_at_api, "whose token it is"
  assert_equal ["fresh", "jane"], [account["state"], account.dig("identity", "username")], "status for programs"
  assert glauth!("status").include?("jane"), "status for people names her"
  glauth! "refresh", "--force", HOST.to_s
  assert_equal "jane", username_at_api, "whose token it is after a refresh"
end

fact "a browser in which the consent is refused shows why: exit 3, and nothing is stored" do
  with_browser do |browser|
    login = log_in_with(HOST.to_s, *CLIENT, "--no-browser", "--json") do |login|
      browser.visit login.page
      sign_in browser, "jane"
      browser.press "Deny"

      assert_ends_at browser, "Not logged in to #{SERVER_NAME}", "Access was denied", "The terminal says"
      assert_nothing_from_elsewhere browser, from: HOST
      photograph browser, "refused"
      assert_equal "access_denied", login.told("error")["code"], "the error's code"
    end

    assert_equal [3, ""], [login.code, login.out], "exit code and output"
  end
  assert_equal [], JSON.parse(glauth("status", "--json").out).fetch("accounts"), "accounts"
  assert_equal 0, living_refresh_tokens, "refresh tokens at the engine"
end

# As a person does it at night: one word, and the browser is still signed in.
fact "a browser and `glauth login HOST` alone mend a login that was revoked at the server" do
  with_browser do |browser|
    log_in_as_jane browser
    lost = print_token
    revoke lost
    rejected = glauth("token", "--rejected", HOST.to_s, stdin: lost)
    later = glauth("token", HOST.to_s)
    assert_equal [3, "", 3, ""], [rejected.code, rejected.out, later.code, later.out], "`token` ends with 3"
    assert later.err.include?("run #{pasted("login", HOST)}"), "the hint", later.err

    login = log_in_with(HOST.to_s, terminal: true) do |login|
      browser.visit login.page
      browser.press "Authorize"
      browser.press "Continue to step 2"
      browser.press "Authorize"
      assert_ends_at browser, "Logged in to #{SERVER_NAME} as jane", "The standby grant is stored too."
    end

    assert_equal 0, login.code, "exit code (#{login.err})"
    assert login.err.include?("the login of jane has ended; this one takes its place"), "before", login.err
    assert login.err.include?("#{SERVER_NAME}: logged in as jane again"), "after", login.err
  end
  assert_equal "jane", username_at_api, "whose token it is"
end

fact "a browser in which joe signs in instead puts his login in jane's place, and ends hers at the server" do
  with_browser do |browser|
    log_in_as_jane browser
    of_jane = print_token

    login = log_in_with(HOST.to_s, "--no-browser") do |login|
      browser.visit login.page
      browser.press "Sign out"
      sign_in browser, "joe"
      browser.press "Authorize"
      assert_ends_at browser, "Logged in to #{SERVER_NAME} as joe"
    end

    assert_equal 0, login.code, "exit code (#{login.err})"
    assert login.err.include?("logged in as joe, in place of jane"), "whom he replaces", login.err
    assert_refused REVOKED, of_jane
  end
  assert_equal "joe", username_at_api, "whose token it is"
  assert_equal 1, living_refresh_tokens, "refresh tokens that the engine would still redeem"
end

# Another user, who keeps 200 connections open and opens and resets others as fast as they can.
FLOOD = <<~RUBY
  require "socket"
  port = Integer(ARGV.first)
  open = Array.new(200) { TCPSocket.new("127.0.0.1", port) }
  puts "flooding"
  $stdout.flush
  loop do
    socket = TCPSocket.new("127.0.0.1", port)
    socket.setsockopt(Socket::Option.linger(true, 0))
    socket.write_nonblock("GET / HTTP/1.1\\r\\n")
    socket.close
  rescue SystemCallError
    next
  end
RUBY

# As the user `nobody`, as long as the block runs.
def flood(port)
  reader, writer = IO.pipe
  as_nobody = %w[setpriv --reuid=65534 --regid=65534 --clear-groups]
  crowd = Array.new(2) do
    spawn(*as_nobody, "ruby", "-e", FLOOD, port.to_s, in: File::NULL, out: writer, err: File::NULL)
  end
  writer.close
  assert_equal "flooding\n", reader.gets, "a flood"
  yield
ensure
  crowd&.each do |pid|
    Process.kill("KILL", pid)
    Process.wait(pid)
  end
end

fact "a browser completes a login while another user floods the listener" do
  unless Process.uid.zero?
    puts "interop: skipped: a flood by another user: only root can be another user"
    next
  end
  with_browser do |browser|
    login = log_in_with(HOST.to_s, *CLIENT, "--no-browser") do |login|
      redirect_uri = URI.decode_www_form(URI(login.page).query).to_h.fetch("redirect_uri")
      browser.visit login.page
      sign_in browser, "jane"
      flood(URI(redirect_uri).port) do
        browser.press "Authorize"
        assert_ends_at browser, "Logged in to #{SERVER_NAME} as jane", "You can close this tab."
      end
    end
    assert_equal [0, ""], [login.code, login.out], "exit code and output (#{login.err})"
    assert_equal 1, login.err.scan("a connection of user 65534 was closed").size, "mentions"
  end
  assert_equal "jane", username_at_api, "whose token it is"
end
