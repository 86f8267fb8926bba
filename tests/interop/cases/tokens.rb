# frozen_string_literal: true

# Tokens at GitLab's engine, from logins without a browser. The name of each case says what has been
# true when it passes.

REVOKED = {
  "error" => "invalid_token",
  "error_description" => "Token was revoked. You have to re-authorize from the user."
}.freeze

EXPIRED = {
  "error" => "invalid_token",
  "error_description" => "Token is expired. You can either do re-authorization or token refresh."
}.freeze

LONGER_THAN_ITS_LIFE = 7300

def assert_refused(body, access_token)
  answer = call_api(access_token)
  assert_equal ["401", body], [answer.code, JSON.parse(answer.body)], "the API's answer"
end

# --- the engine is what these cases take it for ---

fact "engine: of 50 refreshes at once with one token one succeeds, and its pair lives" do
  refresh_token = log_in.fetch("refresh_token")

  answers = start_together(50) { redeem(refresh_token) }.map(&:value)

  winners, losers = answers.partition { |answer| answer.code == "200" }
  assert_equal [1, 49], [winners.size, losers.size], "those that succeeded and those that did not"
  losers.each do |answer|
    assert_equal ["400", "invalid_grant"], [answer.code, JSON.parse(answer.body)["error"]], "a loser's answer"
  end
  assert_equal({ "200" => 1, "400" => 49 }, token_answers, "what the engine counted")
  assert accepted?(JSON.parse(winners.first.body)["access_token"]), "the winner's access token is good"
end

fact "engine: a refresh ends the old access token at once" do
  login = log_in
  assert accepted?(login["access_token"]), "the access token is good before"

  redeem(login["refresh_token"])

  assert_refused REVOKED, login["access_token"]
end

fact "engine: an access token whose time is over is called expired, and can still be refreshed" do
  login = log_in(age: LONGER_THAN_ITS_LIFE)
  assert_refused EXPIRED, login["access_token"]

  answer = redeem(login["refresh_token"])

  assert_equal ["200", 7200], [answer.code, JSON.parse(answer.body)["expires_in"]], "the refresh"
end

# --- one refresh (P1) ---

fact "100 processes that find the token expired get one new token from one refresh" do
  login = log_in(age: LONGER_THAN_ITS_LIFE)
  import login

  callers = holding_the_lock do |lock|
    start_together(100) { print_token }.tap do
      wait_until("100 processes wait for the lock", limit: 60) { waiting_for(lock) == 100 }
    end
  end
  tokens = callers.map(&:value).uniq

  assert_equal 1, tokens.size, "different tokens that were printed"
  assert tokens.first != login["access_token"], "the token is a new one"
  assert_equal({ "200" => 1 }, token_answers, "token requests")
  assert accepted?(tokens.first), "the token is good"
end

# Prints a token and uses it at once. Returns how many were refused: one may expire in between, or be invalidated by
# another process's refresh.
def use_a_token
  token = print_token
  5.times do |refused|
    return refused if accepted?(token)

    newer = replace_rejected(token)
    assert newer != token, "a rejected token is not printed again"
    token = newer
  end
  raise Unmet, "five tokens in a row were refused"
end

fact "20 workers in 5 expiries of a two-second token: no refresh is refused, a refused token is replaced" do
  import log_in(expires_in: 2)
  over = false

  workers = start_together(20) do
    refused = []
    refused << use_a_token until over
    refused
  end
  begin
    wait_until("the engine saw 5 refreshes", limit: 60) { token_answers.fetch("200", 0) >= 5 }
  ensure
    over = true
  end
  refused = workers.flat_map(&:value)

  assert_equal ["200"], token_answers.keys, "what the token endpoint answered"
  note "#{refused.size} tokens used, #{refused.sum} refused and replaced, #{token_answers["200"]} refreshes"
end

# --- a token that is in use (P6, P7) ---

fact "a process whose token another one rotated away gets the new one, without a second refresh" do
  import log_in
  mine = print_token

  glauth! "refresh", "--force", HOST.to_s
  assert_refused REVOKED, mine
  newer = replace_rejected(mine)

  assert accepted?(newer), "the newer token is good"
  assert_equal newer, print_token, "what everybody else gets"
  assert_equal({ "200" => 1 }, token_answers, "token requests")
end

fact "a token that the engine calls dead before our clock does is refreshed when it is rejected" do
  login = log_in(age: LONGER_THAN_ITS_LIFE)
  import login.merge("created_at" => Time.now.to_i)
  assert_equal login["access_token"], print_token, "the token, which the engine refuses"

  newer = replace_rejected(login["access_token"])

  assert accepted?(newer), "the newer token is good"
  assert_equal({ "200" => 1 }, token_answers, "token requests")
end

fact "a good token that is rejected is not rotated: exit 6, since something else is wrong" do
  login = log_in
  import login

  rejected = glauth("token", "--rejected", HOST.to_s, stdin: login["access_token"])

  assert_equal [6, ""], [rejected.code, rejected.out], "exit code and output"
  assert_equal({}, token_answers, "token requests")
  assert_equal login["access_token"], print_token, "the token"
end

fact "refresh sends nothing while the token lives" do
  login = log_in
  import login

  glauth! "refresh", HOST.to_s

  assert_equal({}, token_answers, "token requests")
  assert_equal login["access_token"], print_token, "the token"
end

fact "refresh --force rotates a living token" do
  login = log_in
  import login

  glauth! "refresh", "--force", HOST.to_s

  assert_equal({ "200" => 1 }, token_answers, "token requests")
  assert_refused REVOKED, login["access_token"]
  assert accepted?(print_token), "the new token is good"
end

# --- the end of a login ---

def assert_logged_out
  assert_equal 0, living_refresh_tokens, "refresh tokens that the engine would still redeem"
  assert_equal "logged_out", state, "state"
end

fact "logout ends the pair at the engine" do
  login = log_in
  import login

  glauth! "logout", HOST.to_s

  assert_logged_out
  assert_refused REVOKED, login["access_token"]
  assert_equal "400", redeem(login["refresh_token"]).code, "status of a refresh"
end

# Doorkeeper 5.5 answers 200 to the revocation of an expired pair and revokes nothing.
fact "logout ends the pair even when its access token has expired" do
  login = log_in(age: LONGER_THAN_ITS_LIFE)
  import login

  glauth! "logout", HOST.to_s

  assert_logged_out
  assert_equal "400", redeem(login["refresh_token"]).code, "status of a refresh"
end

fact "a grant that was revoked at the engine wants a login (exit 3), and keeps its tokens" do
  login = log_in
  import login
  revoke login["access_token"]

  rejected = glauth("token", "--rejected", HOST.to_s, stdin: login["access_token"])
  assert_equal [3, ""], [rejected.code, rejected.out], "exit code and output of `token --rejected`"
  later = glauth("token", HOST.to_s)
  assert_equal [3, ""], [later.code, later.out], "exit code and output of `token`"

  assert_equal({ "400" => 1 }, token_answers, "token requests")
  assert_equal "login_required", state, "state"
  record = File.read("#{ACCOUNT}.toml")
  login.values_at("access_token", "refresh_token").each do |token|
    assert record.include?(token), "the record still holds both tokens"
  end
end
