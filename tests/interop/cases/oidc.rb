# frozen_string_literal: true

# Logins at oidc-provider, found by discovery. It rotates, and a spent refresh token that comes again
# ends the whole grant, so nothing here may ever present one, or revoke what another login lives on.

require_relative "../login"

ISSUER = URI(ENV.fetch("OIDC"))
ISSUER_NAME = "#{ISSUER.hostname}:#{ISSUER.port}"
PROVIDER = ["--provider", "oidc"].freeze
PUBLIC = ["--client-id", "glauth-public"].freeze
RECORD = File.join(STORE, "#{ISSUER.hostname}%3A#{ISSUER.port}", "default.toml")

# What the server's document names, by its key there.
ENDPOINTS = JSON.parse(get("/.well-known/openid-configuration", {}, ISSUER).body)

def userinfo(access_token)
  get(URI(ENDPOINTS["userinfo_endpoint"]).path, { "Authorization" => "Bearer #{access_token}" }, ISSUER)
end

# As the public client, and not through glauth.
def post_to_issuer(endpoint, **form)
  post(URI(ENDPOINTS["#{endpoint}_endpoint"]).path, { client_id: "glauth-public", **form }, ISSUER)
end

def redeem_at_issuer(refresh_token)
  post_to_issuer("token", grant_type: "refresh_token", refresh_token: refresh_token)
end

def stored_refresh_token = File.read(RECORD)[/^refresh_token = "(.+)"$/, 1]

def print_issuer_token = glauth!("token", ISSUER.to_s).chomp

# The token works, and is jane's.
def assert_works(access_token)
  answer = userinfo(access_token)
  assert_equal ["200", "jane"], [answer.code, JSON.parse(answer.body)["preferred_username"]], "userinfo"
end

def sign_in_at_issuer(browser)
  browser.fill "login", "jane"
  browser.fill "password", "any"
  browser.press "Sign-in"
  browser.await "Continue" # the page of the consent, which has a "[ Cancel ]" as this one has
end

# Consents, after what the block does.
def log_in_at_issuer(browser, *options)
  ended = log_in_with(ISSUER.to_s, "--no-browser", *options) do |login|
    browser.visit login.page
    yield if block_given?
    browser.press "Continue"
    assert_ends_at browser, "Logged in to #{ISSUER_NAME} as jane"
  end
  assert_equal 0, ended.code, "exit code (#{ended.err})"
  ended
end

# In a browser that is not signed in.
def log_in_first(browser, client = PUBLIC, *options)
  log_in_at_issuer(browser, *PROVIDER, *client, *options) { sign_in_at_issuer browser }
end

# In one in which jane is: HOST is all, whatever the first login needed.
def log_in_again(browser)
  ended = log_in_at_issuer(browser)
  assert ended.err.include?("logged in as jane again"), "whom it replaces", ended.err
end

def assert_login_required(ended)
  assert_equal [3, ""], [ended.code, ended.out], "exit code and output (#{ended.err})"
  assert ended.err.include?("run #{pasted("login", ISSUER)}"), "the hint", ended.err
end

fact "OpenID Connect: a login by discovery works, and a refresh rotates" do
  with_browser { |browser| log_in_first(browser) }
  token, refresh_token = print_issuer_token, stored_refresh_token
  assert_works token

  glauth! "refresh", "--force", ISSUER.to_s

  newer = print_issuer_token
  assert newer != token, "the token is a new one"
  assert stored_refresh_token != refresh_token, "the refresh token is a new one"
  assert_works newer
  glauth! "refresh", "--force", ISSUER.to_s
  assert_works print_issuer_token
end

fact "OpenID Connect: presenting a spent refresh token ends the grant: exit 3" do
  with_browser { |browser| log_in_first(browser) }
  spent = stored_refresh_token
  glauth! "refresh", "--force", ISSUER.to_s
  token = print_issuer_token
  assert_works token

  replay = redeem_at_issuer(spent)

  assert_equal ["400", "invalid_grant"], [replay.code, JSON.parse(replay.body)["error"]], "the replay"
  assert_equal "401", userinfo(token).code, "userinfo, for a token that was not refused before"
  assert_login_required glauth("token", "--rejected", ISSUER.to_s, stdin: token)
  assert_login_required glauth("token", ISSUER.to_s)
  assert_equal "login_required", state, "state"
end

# Both are one grant there, which the end of the case shows: revoking the first ends the second.
fact "OpenID Connect: a second login in the same browser session does not end itself" do
  with_browser do |browser|
    log_in_first browser
    first, first_refresh_token = print_issuer_token, stored_refresh_token

    log_in_again browser

    assert print_issuer_token != first, "the token is a new one"
    [first, print_issuer_token].each { |token| assert_works token }
    glauth! "refresh", "--force", ISSUER.to_s
    assert_works print_issuer_token

    post_to_issuer "revocation", token: first_refresh_token
    assert_equal "401", userinfo(print_issuer_token).code, "userinfo after a revocation of the first login"
  end
end

# Two sessions, two grants: what ends one leaves the other.
fact "OpenID Connect: a standby grant of another browser session outlives a replay on the first" do
  with_browser { |browser| log_in_first(browser) }
  spent = stored_refresh_token
  with_browser do |browser|
    login = log_in_with(ISSUER.to_s, "--no-browser", "--standby") do |login|
      assert login.page && login.said.include?("in a browser session of its own"), "what it wants", login.said
      browser.visit login.page
      sign_in_at_issuer browser
      browser.press "Continue"
      assert_ends_at browser, "Logged in to #{ISSUER_NAME} as jane", "The standby grant is stored too."
    end
    assert_equal 0, login.code, "exit code (#{login.err})"
  end
  glauth! "refresh", "--force", ISSUER.to_s
  token = print_issuer_token
  assert_works token

  redeem_at_issuer(spent)

  assert_equal "401", userinfo(token).code, "userinfo, for the grant that the replay ended"
  other = glauth("token", "--rejected", ISSUER.to_s, stdin: token)
  assert_equal 0, other.code, "exit code (#{other.err})"
  assert_works other.out.chomp
  # A timer finds out.
  timer = glauth("refresh", ISSUER.to_s)
  assert_equal 0, timer.code, "exit code of a refresh (#{timer.err})"
  assert timer.err.include?("has ended one of the two grants"), "the warning", timer.err
  assert_works print_issuer_token
  assert glauth("status").err.include?("standby lost"), "status says so"
end

fact "OpenID Connect: logout ends the refresh token at the server" do
  with_browser { |browser| log_in_first(browser) }
  token, refresh_token = print_issuer_token, stored_refresh_token

  glauth! "logout", ISSUER.to_s

  assert_equal "logged_out", state, "state"
  assert_equal "400", redeem_at_issuer(refresh_token).code, "status of a refresh"
  assert_equal "401", userinfo(token).code, "userinfo"
end

fact "OpenID Connect: a consent that is cancelled is exit 3" do
  with_browser do |browser|
    login = log_in_with(ISSUER.to_s, *PROVIDER, *PUBLIC, "--no-browser") do |login|
      browser.visit login.page
      sign_in_at_issuer browser
      browser.press "[ Cancel ]"
      assert_ends_at browser, "Not logged in to #{ISSUER_NAME}", "Access was denied"
    end
    assert_equal [3, ""], [login.code, login.out], "exit code and output"
  end
end

# --- clients with a secret ---

# The secret is asked for once: a refresh and the next login have it from the record.
def assert_confidential(client, *options)
  file = File.join(ENV.fetch("SCRATCH"), "secret")
  File.write(file, "#{ENV.fetch("CLIENT_SECRET")}\n")
  with_browser do |browser|
    log_in_first(browser, ["--client-id", client], "--client-secret-file", file, *options)
    assert_works print_issuer_token
    File.delete(file)
    glauth! "refresh", "--force", ISSUER.to_s
    assert_works print_issuer_token
    log_in_again browser
    assert_works print_issuer_token
  end
end

fact "OpenID Connect: a confidential client sends its secret in a header (client_secret_basic)" do
  assert_confidential "glauth-basic"
end

fact "OpenID Connect: a confidential client sends its secret in the form (client_secret_post)" do
  assert_confidential "glauth-post", "--auth-method", "client_secret_post"
end

# --- another device ---

# Enters the code on a device with a browser of its own; the block presses what is next.
def log_in_by_device
  with_browser do |browser|
    log_in_with(ISSUER.to_s, *PROVIDER, *PUBLIC, "--device", "--json") do |login|
      codes = login.told("device_authorization")
      browser.visit codes["verification_uri"]
      browser.fill "user_code", codes["user_code"]
      browser.press "Continue"
      yield browser
    end
  end
end

fact "OpenID Connect: a login by device waits for the consent on the other device" do
  login = log_in_by_device do |browser|
    browser.press "Continue"
    sign_in_at_issuer browser
    browser.press "Continue"
    wait_until("the other device is told", seen: -> { browser.title }) { browser.title == "Sign-in Success" }
  end

  assert_equal 0, login.code, "exit code (#{login.err})"
  assert_equal %w[stored jane], JSON.parse(login.out).values_at("outcome", "username"), "output"
  assert_works print_issuer_token
  glauth! "refresh", "--force", ISSUER.to_s
  assert_works print_issuer_token
end

fact "OpenID Connect: a login by device that is denied there is exit 3, and nothing is stored" do
  login = log_in_by_device { |browser| browser.press "[ Abort ]" }

  assert_equal [3, ""], [login.code, login.out], "exit code and output"
  assert_equal "access_denied", JSON.parse(login.err.lines.last).dig("error", "code"), "the error's code"
  assert !File.exist?(RECORD), "nothing is stored"
end
