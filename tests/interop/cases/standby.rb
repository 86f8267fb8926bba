# frozen_string_literal: true

# A standby grant at GitLab's engine: two consents in one go, what a person may do instead of the
# second one, and what it is for.

require_relative "../login"

NAME = "#{HOST.hostname}:#{HOST.port}"

# Two consents follow from this: at a terminal, with a browser.
def log_in_twice(browser)
  log_in_with("--client-id", CLIENT_ID, HOST.to_s, terminal: true) do |login|
    browser.visit login.page
    sign_in browser, "jane"
    browser.press "Authorize"
    assert_leads_on browser
    yield login
  end
end

def assert_leads_on(browser)
  assert_ends_at browser, "Step 1 of 2 done: logged in to #{NAME} as jane", "asks for your consent again",
                 "no token stops working while it is in use", "Continue to step 2", "You can also close this tab"
end

def assert_ends_without_standby(browser, why)
  assert_ends_at browser, "Logged in to #{NAME} as jane", "There is no standby grant: #{why}", "The terminal says"
end

# It is good, it has one grant, and a person is told why and what to do.
def assert_one_grant(login, why)
  assert_equal [0, ""], [login.code, login.out], "exit code and output (#{login.err})"
  assert login.err.include?("there is no standby grant: #{why}"), "why", login.err
  assert login.err.include?("hint: #{pasted("login --standby", HOST)} adds one"), "the hint", login.err
  assert_equal 1, account["grants"].size, "grants"
  assert_equal "jane", username_at_api, "whose token it is"
  assert_equal 1, living_refresh_tokens, "refresh tokens that the engine would still redeem"
end

fact "a browser is led to a second consent, and the login has two grants, each of its own" do
  with_browser do |browser|
    login = log_in_twice(browser) do |waiting|
      wait_until("the terminal says it", seen: -> { waiting.said }) do
        waiting.said.include?("#{NAME}: logged in as jane\n") && waiting.said.include?("Press Enter to skip this step")
      end
      assert_equal "jane", username_at_api, "the first is good before the second consent"
      # By itself.
      browser.press "Authorize"
      assert_ends_at browser, "Logged in to #{NAME} as jane", "The standby grant is stored too."
      assert_equal({ "200" => 2 }, token_answers, "token requests")
    end
    assert_equal [0, ""], [login.code, login.out], "exit code and output (#{login.err})"
    assert login.err.include?("there is a standby grant too"), "the end", login.err
  end
  assert_equal %w[active active], account["grants"].map { |grant| grant["state"] }, "grants"
  assert_equal 2, living_refresh_tokens, "refresh tokens that the engine would redeem"
  assert glauth!("status").include?("STANDBY"), "status shows it"

  held = print_token
  glauth! "refresh", "--force", HOST.to_s
  assert accepted?(held), "the token that was handed out outlives a refresh of the other grant"

  glauth! "logout", HOST.to_s
  assert_equal 0, living_refresh_tokens, "refresh tokens after logout"
end

fact "a browser in which the second consent is refused has a login with one grant" do
  with_browser do |browser|
    login = log_in_twice(browser) do
      photograph browser, "leads-on"
      browser.press "Deny"
      assert_ends_without_standby browser, "access was denied"
      photograph browser, "one-grant"
    end
    assert_one_grant login, "access was denied"
  end
end

fact "a browser whose page is left, and Enter in the terminal, make a login with one grant" do
  with_browser do |browser|
    login = log_in_twice(browser) do |waiting|
      browser.visit "about:blank"
      waiting.type_enter
    end
    assert_one_grant login, "you skipped it"
  end
end

fact "a browser in which joe gives the second consent: it is revoked, and jane's login has one grant" do
  with_browser do |browser|
    login = log_in_twice(browser) do
      browser.press "Continue to step 2"
      browser.press "Sign out"
      sign_in browser, "joe"
      browser.press "Authorize"
      assert_ends_without_standby browser, "it belongs to joe, but the login belongs to jane"
    end
    assert_one_grant login, "it belongs to joe, but the login belongs to jane; it was revoked"
  end
end

# The table of the problem: one process refreshes at time 1, since it wants more life than is left; another
# uses the old token at time 2.
def use_across_a_refresh
  held = print_token
  assert accepted?(held), "time 0: the token is good"
  newer = glauth!("token", "--min-ttl", "5m", HOST.to_s).chomp
  assert newer != held, "time 1: another process has refreshed"
  assert accepted?(newer), "time 1: its token is good"
  held
end

fact "the problem: with one grant a refresh ends the token that another process is using" do
  import log_in(age: 7100)
  assert_refused REVOKED, use_across_a_refresh
end

fact "the cure: with a standby grant the old token is good at time 2 too" do
  import log_in(age: 7100)
  glauth!("login", "--import", "--standby", HOST.to_s, stdin: JSON.generate(log_in(age: 7120)))
  held = use_across_a_refresh
  assert accepted?(held), "time 2: the old token is good"
  assert_equal({ "200" => 1 }, token_answers, "token requests")
end
