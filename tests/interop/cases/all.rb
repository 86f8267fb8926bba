# frozen_string_literal: true

# All cases, in their order. What `run` could not start is not named in the environment, and its
# cases are left out.

require_relative "../support"
require_relative "tokens"
require_relative "varnish" if ENV.key?("VARNISHD")
require_relative "browser" if ENV.key?("CHROMEDRIVER")
require_relative "standby" if ENV.key?("CHROMEDRIVER")
require_relative "oidc" if ENV.key?("CHROMEDRIVER") && ENV.key?("OIDC")

conclude
