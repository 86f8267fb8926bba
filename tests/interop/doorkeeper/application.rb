# frozen_string_literal: true

# A server that treats tokens as GitLab does: Doorkeeper, GitLab's own OAuth engine, in GitLab's
# settings and on GitLab's database, with the one API call that tells whether a token is good. Jane
# and Joe can sign in with a browser, and consent.
#
# It needs an empty PostgreSQL database (DATABASE_URL), and must be reachable only from the loopback address: anyone can
# get a login there, even without a browser (`POST /test/login`).
#
# One process, since its memory holds the counters. Its threads race all the same: what puts
# refreshes in a row is a lock in the database.

ENV["RAILS_ENV"] = "production" # all code loaded at the start, no pages with stack traces

require "action_controller/railtie"
require "active_record/railtie"
require "doorkeeper"

# Counts the answers of the token endpoint by status, each one before the client can see it.
class TokenAnswers
  LOCK = Mutex.new
  COUNTS = Hash.new(0)

  def self.counts = LOCK.synchronize { COUNTS.dup }
  def self.reset = LOCK.synchronize { COUNTS.clear }

  def initialize(app)
    @app = app
  end

  def call(env)
    @app.call(env).tap do |status, _headers, _body|
      if env["REQUEST_METHOD"] == "POST" && env["PATH_INFO"] == "/oauth/token"
        LOCK.synchronize { COUNTS[status] += 1 }
      end
    end
  end
end

class InteropServer < Rails::Application
  config.root = __dir__
  config.eager_load = true
  config.secret_key_base = SecureRandom.hex(64)
  config.logger = Logger.new($stderr)
  config.log_level = :warn
  config.middleware.insert 0, TokenAnswers
end

Doorkeeper.configure do
  orm :active_record

  use_refresh_token
  access_token_expires_in Integer(ENV.fetch("ACCESS_TOKEN_EXPIRES_IN", 7200))
  default_generator_method :hex
  hash_token_secrets
  hash_application_secrets

  enforce_configured_scopes
  default_scopes :api
  optional_scopes :read_user, :read_repository, :write_repository

  grant_flows %w[authorization_code]
  force_ssl_in_redirect_uri false

  resource_owner_authenticator do
    User.find_by(id: session[:user_id]) || begin
      session[:back_to] = request.fullpath
      redirect_to "/sign_in"
    end
  end
end

Rails.application.initialize!

ActiveRecord::Schema.verbose = false
ActiveRecord::Schema.define do
  create_table :users do |t|
    t.string :username, null: false
  end

  create_table :oauth_applications do |t|
    t.string :name, null: false
    t.string :uid, null: false, index: { unique: true }
    t.string :secret, null: false
    t.text :redirect_uri, null: false
    t.string :scopes, null: false, default: ""
    t.boolean :confidential, null: false, default: true
    t.timestamps null: false
  end

  create_table :oauth_access_grants do |t|
    t.references :resource_owner, null: false
    t.references :application, null: false
    t.string :token, null: false, index: { unique: true }
    t.integer :expires_in, null: false
    t.text :redirect_uri, null: false
    t.string :scopes, null: false, default: ""
    t.string :code_challenge # this column and the next: PKCE is on
    t.string :code_challenge_method
    t.datetime :created_at, null: false
    t.datetime :revoked_at
  end

  # Like GitLab's, without `previous_refresh_token`: Doorkeeper then revokes the old pair during
  # the refresh, and not when the new access token is first used.
  create_table :oauth_access_tokens do |t|
    t.references :resource_owner
    t.references :application, null: false
    t.string :token, null: false, index: { unique: true }
    t.string :refresh_token, index: { unique: true }
    t.integer :expires_in
    t.string :scopes
    t.datetime :created_at, null: false
    t.datetime :revoked_at
  end
end

class User < ActiveRecord::Base
end

JANE = User.create!(username: "jane")
User.create!(username: "joe")

# Any port of this address will do, as in GitLab (Doorkeeper's URIChecker, RFC 8252 §7.3).
PUBLIC_CLIENT = Doorkeeper::Application.create!(
  name: "glauth", uid: "glauth-interop", redirect_uri: "http://127.0.0.1/", confidential: false,
  scopes: "api read_user read_repository write_repository"
)

class ApiController < ActionController::API
  EXPIRED = "Token is expired. You can either do re-authorization or token refresh."
  REVOKED = "Token was revoked. You have to re-authorize from the user."
  LACKING = "The request requires higher privileges than provided by the access token."

  # The texts are GitLab's, and so is their order: a token that is both is called expired.
  def user
    if doorkeeper_token.nil?
      render json: { message: "401 Unauthorized" }, status: :unauthorized
    elsif doorkeeper_token.expired?
      refuse EXPIRED
    elsif doorkeeper_token.revoked?
      refuse REVOKED
    elsif !doorkeeper_token.includes_scope?(:api, :read_user)
      lack :api, :read_user
    else
      render json: User.find(doorkeeper_token.resource_owner_id)
    end
  end

  # Answers tokens with the scope `openid` only; here as there, no other one.
  def userinfo = lack(:openid)

  private

  def lack(*scopes)
    render json: { error: "insufficient_scope", error_description: LACKING, scope: scopes.join(" ") },
           status: :forbidden
  end

  def refuse(description)
    response.headers["WWW-Authenticate"] =
      %(Bearer realm="The API", error="invalid_token", error_description="#{description}")
    render json: { error: "invalid_token", error_description: description }, status: :unauthorized
  end
end

# What a server says of itself; of GitLab's document that which a client for tokens may go by.
class DiscoveryController < ActionController::API
  def show
    at = ->(path) { "#{request.base_url}/oauth/#{path}" }
    render json: { issuer: request.base_url, authorization_endpoint: at["authorize"],
                   token_endpoint: at["token"], revocation_endpoint: at["revoke"],
                   introspection_endpoint: at["introspect"], userinfo_endpoint: at["userinfo"] }
  end
end

# How a person signs in, and out.
class SessionsController < ActionController::Base
  protect_from_forgery with: :exception

  PASSWORD = "correct horse battery staple"

  def new; end

  def create
    user = User.find_by(username: params[:username])
    if user && params[:password] == PASSWORD
      back_to = session[:back_to]
      reset_session
      session[:user_id] = user.id
      redirect_to back_to || "/"
    else
      flash.now[:alert] = "Invalid login or password."
      render :new
    end
  end

  # To the sign-in, and from there back to where the person was.
  def destroy
    reset_session
    session[:back_to] = params[:back_to]
    redirect_to sign_in_path
  end
end

# What the suite does instead of a browser, and what it may know that a client may not.
class TestController < ActionController::API
  # Jane consents, or did so `age` seconds ago: no case has to sleep until a token has expired.
  # `expires_in` is what her client was told then; Doorkeeper says how much is left.
  def login
    token = Doorkeeper::AccessToken.create_for(
      application: PUBLIC_CLIENT, resource_owner: JANE, scopes: "api", use_refresh_token: true,
      expires_in: params.fetch(:expires_in, Doorkeeper.config.access_token_expires_in).to_i,
      created_at: params.fetch(:age, 0).to_i.seconds.ago
    )
    response = Doorkeeper::OAuth::TokenResponse.new(token).body
    render json: response.merge("expires_in" => token.expires_in)
  end

  # The next case begins.
  def reset
    Doorkeeper::AccessToken.delete_all
    TokenAnswers.reset
  end

  # `token_answers`: how often the token endpoint answered, by status.
  # `living_refresh_tokens`: those that could still be redeemed.
  def seen
    render json: { token_answers: TokenAnswers.counts,
                   living_refresh_tokens: Doorkeeper::AccessToken.where(revoked_at: nil).count }
  end
end

Rails.application.routes.draw do
  use_doorkeeper { skip_controllers :applications, :authorized_applications }
  get "api/v4/user", to: "api#user"
  get "oauth/userinfo", to: "api#userinfo"
  get ".well-known/openid-configuration", to: "discovery#show"
  get "sign_in", to: "sessions#new"
  post "sign_in", to: "sessions#create"
  post "sign_out", to: "sessions#destroy"
  post "test/login", to: "test#login"
  post "test/reset", to: "test#reset"
  get "test/seen", to: "test#seen"
end
