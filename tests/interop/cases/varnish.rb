# frozen_string_literal: true

# A real cache between glauth and GitLab's engine: Varnish answers 503 with `Retry-After` by itself where
# the engine was too slow, and the engine has rotated all the same.

require "socket"

# How long Varnish waits for the first byte, and how much longer the engine then takes, in seconds.
FIRST_BYTE = 0.3

def free_port = TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }

# Hands each connection on to the engine, and keeps the answer to a token request back while `slow` says so.
def slow_engine(slow)
  server = TCPServer.new("127.0.0.1", 0)
  Thread.new do
    loop do
      client = server.accept
      Thread.new { hand_on(client, slow) }
    end
  end
  server
end

# One request a connection: Varnish asks anew where it is closed.
def hand_on(client, slow)
  head = +""
  head << client.readpartial(65_536) until head.include?("\r\n\r\n")
  length = head[/^content-length: *(\d+)/i, 1].to_i
  head << client.readpartial(65_536) while head.bytesize < head.index("\r\n\r\n") + 4 + length
  request = head.sub(/^connection:.*\r\n/i, "").sub("\r\n", "\r\nConnection: close\r\n")
  answer = TCPSocket.open(HOST.hostname, HOST.port) do |engine|
    engine.write(request)
    engine.read
  end
  sleep FIRST_BYTE * 4 if slow.call && request.start_with?("POST /oauth/token ")
  client.write(answer)
rescue SystemCallError, IOError
  nil # Varnish has given up
ensure
  client.close
end

# Runs the block with the address of a Varnish in front of a server.
def with_varnish(backend)
  port = free_port
  folder = Dir.mktmpdir("varnish", ENV.fetch("SCRATCH"))
  command = [
    ENV.fetch("VARNISHD"), "-F", "-j", "none", "-n", folder, "-a", "127.0.0.1:#{port}",
    "-b", "127.0.0.1:#{backend.addr[1]}", "-p", "first_byte_timeout=#{FIRST_BYTE}"
  ]
  log = File.join(folder, "log")
  process = spawn(*command, in: File::NULL, out: log, err: log)
  address = URI("http://127.0.0.1:#{port}")
  wait_until("Varnish answers", seen: -> { File.read(log) }) { answers?(address) }
  yield address
ensure
  Process.kill("TERM", process) && Process.wait(process) if process
end

def answers?(address)
  get("/test/seen", {}, address).code == "200"
rescue SystemCallError, EOFError
  false
end

def record_at(address) = File.join(STORE, "#{address.hostname}%3A#{address.port}", "default.toml")

# The time that the server asked for, and glauth's own wait, are over.
def let_time_pass(address)
  record = File.read(record_at(address))
  past = record.gsub(/^(finished_at|retry_at|next_at) = .*$/) { "#{$1} = 2020-01-01T00:00:00Z" }
  File.write(record_at(address), past)
end

fact "a 503 with Retry-After that Varnish makes after a rotation leaves the login in doubt, not good" do
  slow = false
  with_varnish(slow_engine(-> { slow })) do |address|
    login = log_in
    glauth!("login", "--import", "--client-id", CLIENT_ID, address.to_s, stdin: JSON.generate(login))
    slow = true
    ended = glauth("refresh", "--force", "--json", address.to_s)
    slow = false

    error = JSON.parse(ended.err.lines.last).fetch("error")
    assert_equal [4, "unavailable"], [ended.code, error["code"]], "what the refresh comes to"
    assert error["hint"].start_with?("try again after "), "Varnish said when to come back", error["hint"]
    assert_equal({ "200" => 1 }, token_answers, "what the engine did: it has rotated")
    assert !accepted?(login["access_token"]), "so the access token at hand is dead"
    state = File.read(record_at(address))[/^state = "(.*)"$/, 1]
    assert_equal "doubtful", state, "the record knows that it may be"

    early = glauth("token", address.to_s)
    assert_equal [4, ""], [early.code, early.out], "no dead token is printed meanwhile"
    assert_equal({ "200" => 1 }, token_answers, "and the engine is left alone")

    let_time_pass(address)
    ended = glauth("token", address.to_s)
    assert_equal 3, ended.code, "the exit code once it is known (#{ended.err.strip})"
    assert ended.err.include?("the answer to a refresh was lost at "), "with the reason", ended.err
  end
end
