-- lsp-orch for Neovim 0.11 and later. Put this folder on the runtime path, then:
--   vim.lsp.enable('lsp-orch')
return {
  cmd = { 'lsp-orch', 'lsp' },
  -- Every file type; but scratch and unnamed buffers are nobody's to lease.
  root_dir = function(bufnr, on_dir)
    local name = vim.api.nvim_buf_get_name(bufnr)
    if vim.bo[bufnr].buftype ~= '' or name == '' then
      return
    end
    on_dir(vim.fs.root(bufnr, '.git') or vim.fs.dirname(name))
  end,
  commands = {
    -- Whoever holds the file is told why; <Esc> leaves it with them.
    ['lspOrch.lease.steal'] = function(command, ctx)
      local client = assert(vim.lsp.get_client_by_id(ctx.client_id))
      vim.ui.input({ prompt = command.title .. ', because: ' }, function(reason)
        if reason then
          local params = { command = command.command, arguments = { command.arguments[1], reason } }
          client:request('workspace/executeCommand', params, nil, ctx.bufnr)
        end
      end)
    end,
  },
}
